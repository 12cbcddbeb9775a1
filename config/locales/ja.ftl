# Japanese.

### Text messages.

sms-sign-in = { $code } は { $host } にログインするためのワンタイムコードです
sms-verification-code = 認証コードは { $code } です

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes }分
}

email-life-hours = { $hours ->
   *[other] { $hours }時間
}

email-expiry = このコードは一度だけ使用でき、有効期間は{ $expires_in }です。

email-sign-in-subject = { $business_name } のログインコード
email-sign-in-preview = { $expires_in }以内に入力してログインしてください。
email-sign-in-body = { $business_name } にログインするには、このコードを入力してください：
email-sign-in-disclaimer = このコードは誰にも教えないでください。コードをリクエストしていない場合は、このメールを無視してください。コードがなければ、誰もお客様のメールアドレスでログインすることはできません。

email-sign-up-subject = { $business_name } の登録コード
email-sign-up-preview = { $expires_in }以内に入力して登録を完了してください。
email-sign-up-body = { $business_name } への登録を完了するには、このコードを入力してください：
email-sign-up-disclaimer = このコードは誰にも教えないでください。登録した覚えがない場合は、このメールを無視してください。誰かが誤ってお客様のメールアドレスを入力した可能性があります。

email-mfa-subject = { $business_name } の認証コード
email-mfa-preview = { $expires_in }以内に入力してログインを完了してください。
email-mfa-body = { $business_name } へのログインを完了するには、このコードを入力してください：
email-mfa-disclaimer = このコードは誰にも教えないでください。ログインしようとしていない場合は、他の人がお客様のパスワードを知っている可能性があるため、パスワードを変更してください。

email-password-reset-subject = { $business_name } のパスワードの再設定
email-password-reset-preview = { $expires_in }以内にコードを入力して、新しいパスワードを設定してください。
email-password-reset-body = { $business_name } の新しいパスワードを設定するには、このコードを入力してください：
email-password-reset-disclaimer = このコードは誰にも教えないでください。新しいパスワードをリクエストしていない場合は、このメールを無視してください。パスワードは変更されません。

email-verify-subject = { $business_name } でご利用のメールアドレスの確認
email-verify-preview = { $expires_in }以内にコードを入力して、メールアドレスを確認してください。
email-verify-body = { $business_name } でご利用のメールアドレスを確認するには、このコードを入力してください：
email-verify-disclaimer = このコードは誰にも教えないでください。コードをリクエストしていない場合は、このメールを無視してください。誰かが誤ってお客様のメールアドレスを入力した可能性があります。

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = { $business_name } のチームへの招待
email-invitation-preview = 招待を承諾してチームに参加してください。
email-invitation-body = { $business_name } のチームへの招待が届いています。
email-invitation-body-by = { $inviter_name } さんから { $business_name } のチームへの招待が届いています。
# The button.
email-invitation-action = 招待を承諾する
email-invitation-disclaimer = { $business_name } に心当たりがない場合は、このメールを無視してください。承諾しない限り、何も起こりません。

# To every owner, when somebody asks for an export.
email-export-subject = { $business_name } のデータのエクスポートがリクエストされました
email-export-preview = このエクスポートに心当たりがあるかご確認ください。
email-export-body = { $business_name } のデータのエクスポートがリクエストされました。
email-export-body-by = { $actor_name } さんが { $business_name } のデータのエクスポートをリクエストしました。
email-export-time = リクエスト日時：{ $requested_at }
# The button.
email-export-action = エクスポートを確認する
email-export-disclaimer = このメールは { $business_name } のオーナーの方にお送りしています。エクスポートに心当たりがある場合は、何もする必要はありません。心当たりがない場合は、リクエストした人のアクセス権を削除し、パスワードを変更してください。
