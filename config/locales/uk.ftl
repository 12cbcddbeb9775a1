# Ukrainian.

### Text messages.

sms-sign-in = { $code } — ваш одноразовий код для входу на { $host }
sms-verification-code = Ваш код підтвердження: { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } хвилину
    [few] { $minutes } хвилини
    [many] { $minutes } хвилин
   *[other] { $minutes } хвилини
}

email-life-hours = { $hours ->
    [one] { $hours } годину
    [few] { $hours } години
    [many] { $hours } годин
   *[other] { $hours } години
}

email-expiry = Код одноразовий і діє { $expires_in }.

email-sign-in-subject = Код для входу в обліковий запис { $business_name }
email-sign-in-preview = Код діє { $expires_in }. Введіть його, щоб увійти.
email-sign-in-body = Введіть цей код, щоб увійти в обліковий запис { $business_name }:
email-sign-in-disclaimer = Нікому не повідомляйте цей код. Якщо ви його не запитували, просто проігноруйте цей лист: без коду ніхто не зможе ввійти з вашою адресою.

email-sign-up-subject = Код для реєстрації облікового запису { $business_name }
email-sign-up-preview = Код діє { $expires_in }. Введіть його, щоб завершити реєстрацію.
email-sign-up-body = Введіть цей код, щоб завершити реєстрацію облікового запису { $business_name }:
email-sign-up-disclaimer = Нікому не повідомляйте цей код. Якщо ви не реєструвалися, просто проігноруйте цей лист: можливо, хтось помилково вказав вашу адресу.

email-mfa-subject = Код підтвердження для облікового запису { $business_name }
email-mfa-preview = Код діє { $expires_in }. Введіть його, щоб завершити вхід.
email-mfa-body = Введіть цей код, щоб завершити вхід в обліковий запис { $business_name }:
email-mfa-disclaimer = Нікому не повідомляйте цей код. Якщо зараз входите не ви, хтось інший може знати ваш пароль, і його слід змінити.

email-password-reset-subject = Скидання пароля для облікового запису { $business_name }
email-password-reset-preview = Код діє { $expires_in }. Введіть його, щоб задати новий пароль.
email-password-reset-body = Введіть цей код, щоб задати новий пароль для облікового запису { $business_name }:
email-password-reset-disclaimer = Нікому не повідомляйте цей код. Якщо ви не запитували новий пароль, просто проігноруйте цей лист: ваш пароль не зміниться.

email-verify-subject = Підтвердьте адресу електронної пошти для облікового запису { $business_name }
email-verify-preview = Код діє { $expires_in }. Введіть його, щоб підтвердити свою адресу.
email-verify-body = Введіть цей код, щоб підтвердити адресу електронної пошти для облікового запису { $business_name }:
email-verify-disclaimer = Нікому не повідомляйте цей код. Якщо ви його не запитували, просто проігноруйте цей лист: можливо, хтось помилково вказав вашу адресу.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Запрошення до команди { $business_name }
email-invitation-preview = Прийміть запрошення, щоб приєднатися до команди.
email-invitation-body = Вас запрошують до команди { $business_name }.
email-invitation-body-by = { $inviter_name } запрошує вас до команди { $business_name }.
# The button.
email-invitation-action = Прийняти запрошення
email-invitation-disclaimer = Якщо назва { $business_name } вам незнайома, просто проігноруйте цей лист: нічого не станеться, доки ви не приймете запрошення.

# To every owner, when somebody asks for an export.
email-export-subject = Запит на експорт даних організації { $business_name }
email-export-preview = Перевірте, чи знаєте ви про цей експорт.
email-export-body = Надійшов запит на експорт даних організації { $business_name }.
email-export-body-by = { $actor_name } запитує експорт даних організації { $business_name }.
email-export-time = Час запиту: { $requested_at }
# The button.
email-export-action = Перевірити експорт
email-export-disclaimer = Цей лист отримують власники організації { $business_name }. Якщо ви знаєте про цей експорт, нічого робити не потрібно. Якщо ні, закрийте доступ тому, хто його запитує, і змініть свій пароль.
