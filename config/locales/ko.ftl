# Korean.

### Text messages.

sms-sign-in = { $code } - { $host } 로그인용 일회용 코드입니다
sms-verification-code = 인증 코드: { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes }분
}

email-life-hours = { $hours ->
   *[other] { $hours }시간
}

email-expiry = 이 코드는 한 번만 사용할 수 있으며 { $expires_in } 동안 유효합니다.

email-sign-in-subject = { $business_name } 로그인 코드
email-sign-in-preview = { $expires_in } 이내에 입력하여 로그인하세요.
email-sign-in-body = { $business_name }에 로그인하려면 이 코드를 입력하세요:
email-sign-in-disclaimer = 이 코드를 누구와도 공유하지 마세요. 코드를 요청하지 않았다면 이 이메일을 무시하셔도 됩니다. 코드가 없으면 누구도 회원님의 주소로 로그인할 수 없습니다.

email-sign-up-subject = { $business_name } 가입 코드
email-sign-up-preview = { $expires_in } 이내에 입력하여 가입을 완료하세요.
email-sign-up-body = { $business_name } 가입을 완료하려면 이 코드를 입력하세요:
email-sign-up-disclaimer = 이 코드를 누구와도 공유하지 마세요. 가입하지 않았다면 이 이메일을 무시하셔도 됩니다. 누군가 실수로 회원님의 주소를 입력했을 수 있습니다.

email-mfa-subject = { $business_name } 인증 코드
email-mfa-preview = { $expires_in } 이내에 입력하여 로그인을 완료하세요.
email-mfa-body = { $business_name } 로그인을 완료하려면 이 코드를 입력하세요:
email-mfa-disclaimer = 이 코드를 누구와도 공유하지 마세요. 로그인하려는 것이 아니라면 다른 사람이 회원님의 비밀번호를 알고 있을 수 있으므로 비밀번호를 변경하세요.

email-password-reset-subject = { $business_name } 비밀번호 재설정
email-password-reset-preview = { $expires_in } 이내에 코드를 입력하여 새 비밀번호를 설정하세요.
email-password-reset-body = { $business_name } 계정의 새 비밀번호를 설정하려면 이 코드를 입력하세요:
email-password-reset-disclaimer = 이 코드를 누구와도 공유하지 마세요. 새 비밀번호를 요청하지 않았다면 이 이메일을 무시하셔도 됩니다. 비밀번호는 그대로 유지됩니다.

email-verify-subject = { $business_name } 이메일 주소 확인
email-verify-preview = { $expires_in } 이내에 코드를 입력하여 주소를 확인하세요.
email-verify-body = { $business_name } 계정의 이메일 주소를 확인하려면 이 코드를 입력하세요:
email-verify-disclaimer = 이 코드를 누구와도 공유하지 마세요. 코드를 요청하지 않았다면 이 이메일을 무시하셔도 됩니다. 누군가 실수로 회원님의 주소를 입력했을 수 있습니다.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = { $business_name } 팀 초대
email-invitation-preview = 초대를 수락하고 팀에 참여하세요.
email-invitation-body = { $business_name } 팀에 초대되었습니다.
email-invitation-body-by = { $inviter_name } 님이 회원님을 { $business_name } 팀에 초대했습니다.
# The button.
email-invitation-action = 초대 수락
email-invitation-disclaimer = { $business_name }에 대해 모르신다면 이 이메일을 무시하셔도 됩니다. 수락하지 않으면 아무 일도 일어나지 않습니다.

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } 데이터 내보내기 요청
email-export-preview = 이 내보내기에 대해 알고 있는지 확인하세요.
email-export-body = 누군가 { $business_name }의 데이터 내보내기를 요청했습니다.
email-export-body-by = { $actor_name } 님이 { $business_name }의 데이터 내보내기를 요청했습니다.
email-export-time = 요청 시각: { $requested_at }
# The button.
email-export-action = 내보내기 검토
email-export-disclaimer = 회원님은 { $business_name }의 소유자로서 이 이메일을 받았습니다. 예상한 내보내기라면 아무것도 하지 않으셔도 됩니다. 그렇지 않다면 요청한 사람의 액세스 권한을 삭제하고 비밀번호를 변경하세요.
