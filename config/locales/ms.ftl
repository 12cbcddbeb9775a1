# Malay.

### Text messages.

sms-sign-in = { $code } ialah kod sekali guna anda untuk log masuk ke { $host }
sms-verification-code = Kod pengesahan anda ialah { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } minit
}

email-life-hours = { $hours ->
   *[other] { $hours } jam
}

email-expiry = Kod ini hanya boleh digunakan sekali dan sah selama { $expires_in }.

email-sign-in-subject = Kod anda untuk log masuk ke { $business_name }
email-sign-in-preview = Masukkan kod dalam masa { $expires_in } untuk log masuk.
email-sign-in-body = Masukkan kod ini untuk log masuk ke { $business_name }:
email-sign-in-disclaimer = Jangan kongsi kod ini dengan sesiapa. Jika anda tidak memintanya, abaikan sahaja e-mel ini: tiada sesiapa boleh log masuk dengan alamat anda tanpa kod ini.

email-sign-up-subject = Kod anda untuk mendaftar dengan { $business_name }
email-sign-up-preview = Masukkan kod dalam masa { $expires_in } untuk melengkapkan pendaftaran.
email-sign-up-body = Masukkan kod ini untuk melengkapkan pendaftaran dengan { $business_name }:
email-sign-up-disclaimer = Jangan kongsi kod ini dengan sesiapa. Jika anda tidak mendaftar, abaikan sahaja e-mel ini: mungkin seseorang tersilap menaip alamat anda.

email-mfa-subject = Kod pengesahan anda untuk { $business_name }
email-mfa-preview = Masukkan kod dalam masa { $expires_in } untuk melengkapkan log masuk.
email-mfa-body = Masukkan kod ini untuk melengkapkan log masuk ke { $business_name }:
email-mfa-disclaimer = Jangan kongsi kod ini dengan sesiapa. Jika anda tidak sedang log masuk, orang lain mungkin mengetahui kata laluan anda dan anda perlu menukarnya.

email-password-reset-subject = Tetapkan semula kata laluan anda untuk { $business_name }
email-password-reset-preview = Masukkan kod dalam masa { $expires_in } untuk memilih kata laluan baharu.
email-password-reset-body = Masukkan kod ini untuk memilih kata laluan baharu bagi { $business_name }:
email-password-reset-disclaimer = Jangan kongsi kod ini dengan sesiapa. Jika anda tidak meminta kata laluan baharu, abaikan sahaja e-mel ini: kata laluan anda tidak berubah.

email-verify-subject = Sahkan alamat e-mel anda untuk { $business_name }
email-verify-preview = Masukkan kod dalam masa { $expires_in } untuk mengesahkan alamat anda.
email-verify-body = Masukkan kod ini untuk mengesahkan alamat e-mel anda bagi { $business_name }:
email-verify-disclaimer = Jangan kongsi kod ini dengan sesiapa. Jika anda tidak memintanya, abaikan sahaja e-mel ini: mungkin seseorang tersilap menaip alamat anda.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Jemputan untuk menyertai { $business_name }
email-invitation-preview = Terima jemputan untuk menyertai pasukan.
email-invitation-body = Anda dijemput untuk menyertai pasukan { $business_name }.
email-invitation-body-by = { $inviter_name } menjemput anda untuk menyertai pasukan { $business_name }.
# The button.
email-invitation-action = Terima jemputan
email-invitation-disclaimer = Jika anda tidak mengenali { $business_name }, abaikan sahaja e-mel ini: tiada apa-apa akan berlaku melainkan anda menerima jemputan ini.

# To every owner, when somebody asks for an export.
email-export-subject = Eksport data diminta di { $business_name }
email-export-preview = Pastikan anda mengetahui tentang eksport ini.
email-export-body = Seseorang meminta eksport data { $business_name }.
email-export-body-by = { $actor_name } meminta eksport data { $business_name }.
email-export-time = Masa permintaan: { $requested_at }
# The button.
email-export-action = Semak eksport
email-export-disclaimer = Anda menerima e-mel ini sebagai pemilik { $business_name }. Jika anda menjangkakan eksport ini, anda tidak perlu berbuat apa-apa. Jika tidak, tarik balik akses orang yang memintanya dan tukar kata laluan anda.
