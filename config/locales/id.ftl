# Indonesian.

### Text messages.

sms-sign-in = { $code } adalah kode sekali pakai Anda untuk masuk ke { $host }
sms-verification-code = Kode verifikasi Anda adalah { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } menit
}

email-life-hours = { $hours ->
   *[other] { $hours } jam
}

email-expiry = Kode ini hanya dapat digunakan sekali dan berlaku selama { $expires_in }.

email-sign-in-subject = Kode Anda untuk masuk ke { $business_name }
email-sign-in-preview = Masukkan kode dalam waktu { $expires_in } untuk masuk.
email-sign-in-body = Masukkan kode ini untuk masuk ke { $business_name }:
email-sign-in-disclaimer = Jangan bagikan kode ini kepada siapa pun. Jika Anda tidak memintanya, abaikan saja email ini: tidak ada yang dapat masuk dengan alamat Anda tanpa kode ini.

email-sign-up-subject = Kode Anda untuk mendaftar di { $business_name }
email-sign-up-preview = Masukkan kode dalam waktu { $expires_in } untuk menyelesaikan pendaftaran.
email-sign-up-body = Masukkan kode ini untuk menyelesaikan pendaftaran di { $business_name }:
email-sign-up-disclaimer = Jangan bagikan kode ini kepada siapa pun. Jika Anda tidak mendaftar, abaikan saja email ini: mungkin seseorang tidak sengaja memasukkan alamat Anda.

email-mfa-subject = Kode verifikasi Anda untuk { $business_name }
email-mfa-preview = Masukkan kode dalam waktu { $expires_in } untuk menyelesaikan proses masuk.
email-mfa-body = Masukkan kode ini untuk menyelesaikan proses masuk ke { $business_name }:
email-mfa-disclaimer = Jangan bagikan kode ini kepada siapa pun. Jika Anda tidak sedang mencoba masuk, mungkin orang lain mengetahui sandi Anda dan sebaiknya Anda mengubahnya.

email-password-reset-subject = Atur ulang sandi Anda untuk { $business_name }
email-password-reset-preview = Masukkan kode dalam waktu { $expires_in } untuk memilih sandi baru.
email-password-reset-body = Masukkan kode ini untuk memilih sandi baru untuk { $business_name }:
email-password-reset-disclaimer = Jangan bagikan kode ini kepada siapa pun. Jika Anda tidak meminta sandi baru, abaikan saja email ini: sandi Anda tidak berubah.

email-verify-subject = Konfirmasikan alamat email Anda untuk { $business_name }
email-verify-preview = Masukkan kode dalam waktu { $expires_in } untuk mengonfirmasi alamat Anda.
email-verify-body = Masukkan kode ini untuk mengonfirmasi alamat email Anda untuk { $business_name }:
email-verify-disclaimer = Jangan bagikan kode ini kepada siapa pun. Jika Anda tidak memintanya, abaikan saja email ini: mungkin seseorang tidak sengaja memasukkan alamat Anda.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Undangan untuk bergabung dengan { $business_name }
email-invitation-preview = Terima undangan untuk bergabung dengan tim.
email-invitation-body = Anda diundang untuk bergabung dengan tim { $business_name }.
email-invitation-body-by = { $inviter_name } mengundang Anda untuk bergabung dengan tim { $business_name }.
# The button.
email-invitation-action = Terima undangan
email-invitation-disclaimer = Jika Anda tidak mengenal { $business_name }, abaikan saja email ini: tidak akan terjadi apa-apa kecuali Anda menerima undangan.

# To every owner, when somebody asks for an export.
email-export-subject = Permintaan ekspor data di { $business_name }
email-export-preview = Pastikan Anda mengetahui ekspor ini.
email-export-body = Seseorang meminta ekspor data { $business_name }.
email-export-body-by = { $actor_name } meminta ekspor data { $business_name }.
email-export-time = Waktu permintaan: { $requested_at }
# The button.
email-export-action = Tinjau ekspor
email-export-disclaimer = Anda menerima email ini sebagai pemilik { $business_name }. Jika Anda sudah mengetahui ekspor ini, Anda tidak perlu melakukan apa pun. Jika tidak, cabut akses orang yang memintanya dan ubah sandi Anda.
