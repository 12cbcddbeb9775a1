# Vietnamese.

### Text messages.

sms-sign-in = { $code } là mã dùng một lần để đăng nhập vào { $host }
sms-verification-code = Mã xác minh của bạn là { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } phút
}

email-life-hours = { $hours ->
   *[other] { $hours } giờ
}

email-expiry = Mã này chỉ dùng được một lần và có hiệu lực trong { $expires_in }.

email-sign-in-subject = Mã đăng nhập { $business_name } của bạn
email-sign-in-preview = Nhập mã trong vòng { $expires_in } để đăng nhập.
email-sign-in-body = Nhập mã này để đăng nhập vào { $business_name }:
email-sign-in-disclaimer = Không chia sẻ mã này với bất kỳ ai. Nếu bạn không yêu cầu mã, bạn có thể bỏ qua email này: không ai có thể đăng nhập bằng địa chỉ của bạn nếu không có mã.

email-sign-up-subject = Mã đăng ký { $business_name } của bạn
email-sign-up-preview = Nhập mã trong vòng { $expires_in } để hoàn tất đăng ký.
email-sign-up-body = Nhập mã này để hoàn tất đăng ký { $business_name }:
email-sign-up-disclaimer = Không chia sẻ mã này với bất kỳ ai. Nếu bạn không đăng ký, bạn có thể bỏ qua email này: có thể ai đó đã nhập nhầm địa chỉ của bạn.

email-mfa-subject = Mã xác minh { $business_name } của bạn
email-mfa-preview = Nhập mã trong vòng { $expires_in } để hoàn tất đăng nhập.
email-mfa-body = Nhập mã này để hoàn tất đăng nhập vào { $business_name }:
email-mfa-disclaimer = Không chia sẻ mã này với bất kỳ ai. Nếu không phải bạn đang đăng nhập, có thể người khác đã biết mật khẩu của bạn và bạn nên đổi mật khẩu.

email-password-reset-subject = Đặt lại mật khẩu { $business_name } của bạn
email-password-reset-preview = Nhập mã trong vòng { $expires_in } để chọn mật khẩu mới.
email-password-reset-body = Nhập mã này để chọn mật khẩu mới cho { $business_name }:
email-password-reset-disclaimer = Không chia sẻ mã này với bất kỳ ai. Nếu bạn không yêu cầu mật khẩu mới, bạn có thể bỏ qua email này: mật khẩu của bạn vẫn giữ nguyên.

email-verify-subject = Xác nhận địa chỉ email của bạn cho { $business_name }
email-verify-preview = Nhập mã trong vòng { $expires_in } để xác nhận địa chỉ của bạn.
email-verify-body = Nhập mã này để xác nhận địa chỉ email của bạn cho { $business_name }:
email-verify-disclaimer = Không chia sẻ mã này với bất kỳ ai. Nếu bạn không yêu cầu mã, bạn có thể bỏ qua email này: có thể ai đó đã nhập nhầm địa chỉ của bạn.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Lời mời tham gia { $business_name }
email-invitation-preview = Chấp nhận lời mời để tham gia nhóm.
email-invitation-body = Bạn được mời tham gia nhóm của { $business_name }.
email-invitation-body-by = { $inviter_name } mời bạn tham gia nhóm của { $business_name }.
# The button.
email-invitation-action = Chấp nhận lời mời
email-invitation-disclaimer = Nếu bạn không biết { $business_name }, bạn có thể bỏ qua email này: sẽ không có gì xảy ra trừ khi bạn chấp nhận.

# To every owner, when somebody asks for an export.
email-export-subject = Yêu cầu xuất dữ liệu tại { $business_name }
email-export-preview = Hãy kiểm tra xem bạn có biết việc này không.
email-export-body = Có người đã yêu cầu xuất dữ liệu của { $business_name }.
email-export-body-by = { $actor_name } đã yêu cầu xuất dữ liệu của { $business_name }.
email-export-time = Thời gian yêu cầu: { $requested_at }
# The button.
email-export-action = Xem lại yêu cầu xuất dữ liệu
email-export-disclaimer = Bạn nhận được email này vì bạn là chủ sở hữu của { $business_name }. Nếu bạn đã biết trước việc này, bạn có thể bỏ qua email này. Nếu không, hãy thu hồi quyền truy cập của người đã yêu cầu và đổi mật khẩu của bạn.
