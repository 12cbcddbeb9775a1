# Chinese (Traditional).

### Text messages.

sms-sign-in = { $code } 是您的一次性驗證碼，用於登入 { $host }
sms-verification-code = 您的驗證碼是 { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } 分鐘
}

email-life-hours = { $hours ->
   *[other] { $hours } 小時
}

email-expiry = 此驗證碼僅可使用一次，有效時間為 { $expires_in }。

email-sign-in-subject = 您的 { $business_name } 登入驗證碼
email-sign-in-preview = 請在 { $expires_in }內輸入驗證碼以登入。
email-sign-in-body = 請輸入此驗證碼以登入 { $business_name }：
email-sign-in-disclaimer = 請勿將此驗證碼透露給任何人。如果您並未要求驗證碼，可以忽略此郵件：沒有驗證碼，任何人都無法使用您的電子郵件地址登入。

email-sign-up-subject = 您的 { $business_name } 註冊驗證碼
email-sign-up-preview = 請在 { $expires_in }內輸入驗證碼以完成註冊。
email-sign-up-body = 請輸入此驗證碼以完成 { $business_name } 的註冊：
email-sign-up-disclaimer = 請勿將此驗證碼透露給任何人。如果您並未註冊，可以忽略此郵件：可能有人誤填了您的電子郵件地址。

email-mfa-subject = 您的 { $business_name } 驗證碼
email-mfa-preview = 請在 { $expires_in }內輸入驗證碼以完成登入。
email-mfa-body = 請輸入此驗證碼以完成 { $business_name } 的登入：
email-mfa-disclaimer = 請勿將此驗證碼透露給任何人。如果您並未嘗試登入，可能有人知道了您的密碼，您應該變更密碼。

email-password-reset-subject = 重設您的 { $business_name } 密碼
email-password-reset-preview = 請在 { $expires_in }內輸入驗證碼以設定新密碼。
email-password-reset-body = 請輸入此驗證碼，為 { $business_name } 設定新密碼：
email-password-reset-disclaimer = 請勿將此驗證碼透露給任何人。如果您並未要求新密碼，可以忽略此郵件：您的密碼不會改變。

email-verify-subject = 請確認您用於 { $business_name } 的電子郵件地址
email-verify-preview = 請在 { $expires_in }內輸入驗證碼以確認您的電子郵件地址。
email-verify-body = 請輸入此驗證碼，以確認您用於 { $business_name } 的電子郵件地址：
email-verify-disclaimer = 請勿將此驗證碼透露給任何人。如果您並未要求驗證碼，可以忽略此郵件：可能有人誤填了您的電子郵件地址。

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = 邀請您加入 { $business_name }
email-invitation-preview = 接受邀請即可加入團隊。
email-invitation-body = 誠邀您加入 { $business_name } 的團隊。
email-invitation-body-by = { $inviter_name } 邀請您加入 { $business_name } 的團隊。
# The button.
email-invitation-action = 接受邀請
email-invitation-disclaimer = 如果您不認識 { $business_name }，可以忽略此郵件：只要您不接受邀請，就不會有任何影響。

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } 收到資料匯出要求
email-export-preview = 請確認您知道此次匯出。
email-export-body = 有人要求匯出 { $business_name } 的資料。
email-export-body-by = { $actor_name } 要求匯出 { $business_name } 的資料。
email-export-time = 要求時間：{ $requested_at }
# The button.
email-export-action = 檢視匯出要求
email-export-disclaimer = 您收到此郵件，是因為您是 { $business_name } 的擁有者。如果您知道此次匯出，則不需採取任何動作。否則，請移除要求者的存取權，並變更您的密碼。
