# Chinese (Simplified).

### Text messages.

sms-sign-in = { $code } 是您的一次性验证码，用于登录 { $host }
sms-verification-code = 您的验证码是 { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } 分钟
}

email-life-hours = { $hours ->
   *[other] { $hours } 小时
}

email-expiry = 此验证码仅可使用一次，有效期为 { $expires_in }。

email-sign-in-subject = 您的 { $business_name } 登录验证码
email-sign-in-preview = 请在 { $expires_in }内输入验证码以登录。
email-sign-in-body = 请输入此验证码以登录 { $business_name }：
email-sign-in-disclaimer = 请勿向任何人透露此验证码。如果您并未请求验证码，可以忽略此邮件：没有验证码，任何人都无法使用您的邮箱地址登录。

email-sign-up-subject = 您的 { $business_name } 注册验证码
email-sign-up-preview = 请在 { $expires_in }内输入验证码以完成注册。
email-sign-up-body = 请输入此验证码以完成 { $business_name } 的注册：
email-sign-up-disclaimer = 请勿向任何人透露此验证码。如果您并未注册，可以忽略此邮件：可能有人误填了您的邮箱地址。

email-mfa-subject = 您的 { $business_name } 验证码
email-mfa-preview = 请在 { $expires_in }内输入验证码以完成登录。
email-mfa-body = 请输入此验证码以完成 { $business_name } 的登录：
email-mfa-disclaimer = 请勿向任何人透露此验证码。如果您并未尝试登录，可能有人知道了您的密码，您应当修改密码。

email-password-reset-subject = 重置您的 { $business_name } 密码
email-password-reset-preview = 请在 { $expires_in }内输入验证码以设置新密码。
email-password-reset-body = 请输入此验证码，为 { $business_name } 设置新密码：
email-password-reset-disclaimer = 请勿向任何人透露此验证码。如果您并未请求新密码，可以忽略此邮件：您的密码不会改变。

email-verify-subject = 请确认您用于 { $business_name } 的邮箱地址
email-verify-preview = 请在 { $expires_in }内输入验证码以确认您的邮箱地址。
email-verify-body = 请输入此验证码，以确认您用于 { $business_name } 的邮箱地址：
email-verify-disclaimer = 请勿向任何人透露此验证码。如果您并未请求验证码，可以忽略此邮件：可能有人误填了您的邮箱地址。

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = 邀请您加入 { $business_name }
email-invitation-preview = 接受邀请即可加入团队。
email-invitation-body = 现邀请您加入 { $business_name } 的团队。
email-invitation-body-by = { $inviter_name } 邀请您加入 { $business_name } 的团队。
# The button.
email-invitation-action = 接受邀请
email-invitation-disclaimer = 如果您不了解 { $business_name }，可以忽略此邮件：只要您不接受邀请，就不会有任何影响。

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } 收到数据导出请求
email-export-preview = 请确认您知晓此次导出。
email-export-body = 有人请求导出 { $business_name } 的数据。
email-export-body-by = { $actor_name } 请求导出 { $business_name } 的数据。
email-export-time = 请求时间：{ $requested_at }
# The button.
email-export-action = 查看导出请求
email-export-disclaimer = 您收到此邮件，是因为您是 { $business_name } 的所有者。如果您知晓此次导出，则无需任何操作。否则，请移除请求者的访问权限，并修改您的密码。
