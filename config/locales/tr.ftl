# Turkish.

### Text messages.

sms-sign-in = Tek kullanımlık giriş kodunuz: { $code } – { $host }
sms-verification-code = Doğrulama kodunuz: { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } dakika
   *[other] { $minutes } dakika
}

email-life-hours = { $hours ->
    [one] { $hours } saat
   *[other] { $hours } saat
}

email-expiry = Bu kod tek kullanımlıktır ve { $expires_in } boyunca geçerlidir.

email-sign-in-subject = { $business_name } giriş kodunuz
email-sign-in-preview = Giriş yapmak için kodu { $expires_in } içinde girin.
email-sign-in-body = { $business_name } hesabınıza giriş yapmak için bu kodu girin:
email-sign-in-disclaimer = Bu kodu kimseyle paylaşmayın. Kodu siz istemediyseniz bu e-postayı yok sayabilirsiniz: Kod olmadan kimse adresinizle giriş yapamaz.

email-sign-up-subject = { $business_name } kayıt kodunuz
email-sign-up-preview = Kaydınızı tamamlamak için kodu { $expires_in } içinde girin.
email-sign-up-body = { $business_name } kaydınızı tamamlamak için bu kodu girin:
email-sign-up-disclaimer = Bu kodu kimseyle paylaşmayın. Kaydolan siz değilseniz bu e-postayı yok sayabilirsiniz: Birisi adresinizi yanlışlıkla yazmış olabilir.

email-mfa-subject = { $business_name } doğrulama kodunuz
email-mfa-preview = Girişi tamamlamak için kodu { $expires_in } içinde girin.
email-mfa-body = { $business_name } hesabınıza girişi tamamlamak için bu kodu girin:
email-mfa-disclaimer = Bu kodu kimseyle paylaşmayın. Giriş yapan siz değilseniz başka biri şifrenizi biliyor olabilir; şifrenizi değiştirmelisiniz.

email-password-reset-subject = { $business_name } şifrenizi sıfırlayın
email-password-reset-preview = Yeni bir şifre belirlemek için kodu { $expires_in } içinde girin.
email-password-reset-body = { $business_name } hesabınıza yeni bir şifre belirlemek için bu kodu girin:
email-password-reset-disclaimer = Bu kodu kimseyle paylaşmayın. Yeni bir şifre istemediyseniz bu e-postayı yok sayabilirsiniz: Şifreniz olduğu gibi kalır.

email-verify-subject = { $business_name } için e-posta adresinizi doğrulayın
email-verify-preview = Adresinizi doğrulamak için kodu { $expires_in } içinde girin.
email-verify-body = { $business_name } için e-posta adresinizi doğrulamak üzere bu kodu girin:
email-verify-disclaimer = Bu kodu kimseyle paylaşmayın. Kodu siz istemediyseniz bu e-postayı yok sayabilirsiniz: Birisi adresinizi yanlışlıkla yazmış olabilir.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = { $business_name } ekibine katılma daveti
email-invitation-preview = Ekibe katılmak için daveti kabul edin.
email-invitation-body = { $business_name } ekibine katılmaya davet edildiniz.
email-invitation-body-by = { $inviter_name } sizi { $business_name } ekibine katılmaya davet ediyor.
# The button.
email-invitation-action = Daveti kabul et
email-invitation-disclaimer = { $business_name } size tanıdık gelmiyorsa bu e-postayı yok sayabilirsiniz: Daveti kabul etmediğiniz sürece hiçbir şey olmaz.

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } için veri dışa aktarma talebi
email-export-preview = Bu dışa aktarma işleminden haberiniz olup olmadığını kontrol edin.
email-export-body = Birisi { $business_name } verilerinin dışa aktarılmasını talep etti.
email-export-body-by = { $actor_name }, { $business_name } verilerinin dışa aktarılmasını talep etti.
email-export-time = Talebin zamanı: { $requested_at }
# The button.
email-export-action = Dışa aktarmayı incele
email-export-disclaimer = Bu e-postayı { $business_name } sahiplerinden biri olduğunuz için aldınız. Dışa aktarmayı bekliyorduysanız yapmanız gereken bir şey yok. Beklemiyorduysanız talebi yapan kişinin erişimini kaldırın ve şifrenizi değiştirin.
