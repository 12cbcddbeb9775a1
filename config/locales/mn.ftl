# Mongolian.

### Text messages.

sms-sign-in = Нэвтрэх нэг удаагийн код: { $code } – { $host }
sms-verification-code = Таны баталгаажуулах код: { $code }

### Emails with a code.

# In the nominative.
email-life-minutes = { $minutes ->
    [one] { $minutes } минут
   *[other] { $minutes } минут
}

email-life-hours = { $hours ->
    [one] { $hours } цаг
   *[other] { $hours } цаг
}

email-expiry = Энэ код нэг удаагийн бөгөөд { $expires_in } хүчинтэй.

email-sign-in-subject = Таны { $business_name } бүртгэлд нэвтрэх код
email-sign-in-preview = Код { $expires_in } хүчинтэй. Нэвтрэхийн тулд оруулна уу.
email-sign-in-body = { $business_name } бүртгэлдээ нэвтрэхийн тулд энэ кодыг оруулна уу:
email-sign-in-disclaimer = Энэ кодыг хэнд ч бүү хэлээрэй. Хэрэв та код хүсээгүй бол энэ имэйлийг үл тоож болно: кодгүйгээр хэн ч таны хаягаар нэвтэрч чадахгүй.

email-sign-up-subject = Таны { $business_name } бүртгэл үүсгэх код
email-sign-up-preview = Код { $expires_in } хүчинтэй. Бүртгүүлж дуусгахын тулд оруулна уу.
email-sign-up-body = { $business_name } бүртгэлээ үүсгэж дуусгахын тулд энэ кодыг оруулна уу:
email-sign-up-disclaimer = Энэ кодыг хэнд ч бүү хэлээрэй. Хэрэв та бүртгүүлээгүй бол энэ имэйлийг үл тоож болно: хэн нэгэн таны хаягийг андуурч оруулсан байж магадгүй.

email-mfa-subject = Таны { $business_name } баталгаажуулах код
email-mfa-preview = Код { $expires_in } хүчинтэй. Нэвтэрч дуусгахын тулд оруулна уу.
email-mfa-body = { $business_name } бүртгэлдээ нэвтэрч дуусгахын тулд энэ кодыг оруулна уу:
email-mfa-disclaimer = Энэ кодыг хэнд ч бүү хэлээрэй. Хэрэв та одоо нэвтрэх гээгүй байгаа бол өөр хүн таны нууц үгийг мэддэг байж магадгүй тул нууц үгээ солино уу.

email-password-reset-subject = { $business_name } бүртгэлийнхээ нууц үгийг шинэчилнэ үү
email-password-reset-preview = Код { $expires_in } хүчинтэй. Шинэ нууц үг сонгохын тулд оруулна уу.
email-password-reset-body = { $business_name } бүртгэлдээ шинэ нууц үг сонгохын тулд энэ кодыг оруулна уу:
email-password-reset-disclaimer = Энэ кодыг хэнд ч бүү хэлээрэй. Хэрэв та шинэ нууц үг хүсээгүй бол энэ имэйлийг үл тоож болно: таны нууц үг хэвээр үлдэнэ.

email-verify-subject = { $business_name } бүртгэлийнхээ имэйл хаягийг баталгаажуулна уу
email-verify-preview = Код { $expires_in } хүчинтэй. Хаягаа баталгаажуулахын тулд оруулна уу.
email-verify-body = { $business_name } бүртгэлийнхээ имэйл хаягийг баталгаажуулахын тулд энэ кодыг оруулна уу:
email-verify-disclaimer = Энэ кодыг хэнд ч бүү хэлээрэй. Хэрэв та код хүсээгүй бол энэ имэйлийг үл тоож болно: хэн нэгэн таны хаягийг андуурч оруулсан байж магадгүй.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = { $business_name } багт нэгдэх урилга
email-invitation-preview = Багт нэгдэх урилгыг хүлээн авна уу.
email-invitation-body = Таныг { $business_name } багт нэгдэхийг урьж байна.
email-invitation-body-by = { $inviter_name } таныг { $business_name } багт нэгдэхийг урьж байна.
# The button.
email-invitation-action = Урилгыг хүлээн авах
email-invitation-disclaimer = Хэрэв { $business_name } гэдэг нэр танд танил биш бол энэ имэйлийг үл тоож болно: урилгыг хүлээн авахгүй бол юу ч болохгүй.

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } байгууллагын өгөгдлийг экспортлох хүсэлт
email-export-preview = Энэ экспортын талаар мэдэж байгаа эсэхээ шалгана уу.
email-export-body = Хэн нэгэн { $business_name } байгууллагын өгөгдлийг экспортлох хүсэлт гаргасан байна.
email-export-body-by = { $actor_name } нь { $business_name } байгууллагын өгөгдлийг экспортлох хүсэлт гаргасан байна.
email-export-time = Хүсэлт гаргасан цаг: { $requested_at }
# The button.
email-export-action = Экспортыг шалгах
email-export-disclaimer = Энэ имэйлийг { $business_name } байгууллагын эзэмшигчдэд илгээдэг. Хэрэв та энэ экспортыг хүлээж байсан бол юу ч хийх шаардлагагүй. Үгүй бол хүсэлт гаргасан хүний нэвтрэх эрхийг цуцалж, нууц үгээ солино уу.
