# Russian.

### Text messages.

sms-sign-in = { $code } — ваш одноразовый код для входа на { $host }
sms-verification-code = Ваш код подтверждения: { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } минуту
    [few] { $minutes } минуты
    [many] { $minutes } минут
   *[other] { $minutes } минуты
}

email-life-hours = { $hours ->
    [one] { $hours } час
    [few] { $hours } часа
    [many] { $hours } часов
   *[other] { $hours } часа
}

email-expiry = Код одноразовый и действует { $expires_in }.

email-sign-in-subject = Код для входа в аккаунт { $business_name }
email-sign-in-preview = Код действует { $expires_in }. Введите его, чтобы войти.
email-sign-in-body = Введите этот код, чтобы войти в аккаунт { $business_name }:
email-sign-in-disclaimer = Никому не сообщайте этот код. Если вы его не запрашивали, просто проигнорируйте это письмо: без кода никто не сможет войти с вашим адресом.

email-sign-up-subject = Код для регистрации аккаунта { $business_name }
email-sign-up-preview = Код действует { $expires_in }. Введите его, чтобы завершить регистрацию.
email-sign-up-body = Введите этот код, чтобы завершить регистрацию аккаунта { $business_name }:
email-sign-up-disclaimer = Никому не сообщайте этот код. Если вы не регистрировались, просто проигнорируйте это письмо: возможно, кто-то указал ваш адрес по ошибке.

email-mfa-subject = Код подтверждения для аккаунта { $business_name }
email-mfa-preview = Код действует { $expires_in }. Введите его, чтобы завершить вход.
email-mfa-body = Введите этот код, чтобы завершить вход в аккаунт { $business_name }:
email-mfa-disclaimer = Никому не сообщайте этот код. Если сейчас входите не вы, кто-то другой может знать ваш пароль, и его следует сменить.

email-password-reset-subject = Сброс пароля для аккаунта { $business_name }
email-password-reset-preview = Код действует { $expires_in }. Введите его, чтобы задать новый пароль.
email-password-reset-body = Введите этот код, чтобы задать новый пароль для аккаунта { $business_name }:
email-password-reset-disclaimer = Никому не сообщайте этот код. Если вы не запрашивали новый пароль, просто проигнорируйте это письмо: ваш пароль останется прежним.

email-verify-subject = Подтвердите адрес электронной почты для аккаунта { $business_name }
email-verify-preview = Код действует { $expires_in }. Введите его, чтобы подтвердить свой адрес.
email-verify-body = Введите этот код, чтобы подтвердить адрес электронной почты для аккаунта { $business_name }:
email-verify-disclaimer = Никому не сообщайте этот код. Если вы его не запрашивали, просто проигнорируйте это письмо: возможно, кто-то указал ваш адрес по ошибке.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Приглашение в команду { $business_name }
email-invitation-preview = Примите приглашение, чтобы присоединиться к команде.
email-invitation-body = Вас приглашают в команду { $business_name }.
email-invitation-body-by = { $inviter_name } приглашает вас в команду { $business_name }.
# The button.
email-invitation-action = Принять приглашение
email-invitation-disclaimer = Если название { $business_name } вам незнакомо, просто проигнорируйте это письмо: ничего не произойдёт, пока вы не примете приглашение.

# To every owner, when somebody asks for an export.
email-export-subject = Запрос на экспорт данных организации { $business_name }
email-export-preview = Проверьте, известно ли вам об этом экспорте.
email-export-body = Поступил запрос на экспорт данных организации { $business_name }.
email-export-body-by = { $actor_name } запрашивает экспорт данных организации { $business_name }.
email-export-time = Время запроса: { $requested_at }
# The button.
email-export-action = Проверить экспорт
email-export-disclaimer = Это письмо получают владельцы организации { $business_name }. Если вы знаете об этом экспорте, ничего делать не нужно. Если нет, закройте доступ тому, кто его запросил, и смените свой пароль.
