# Polish.

### Text messages.

sms-sign-in = { $code } to jednorazowy kod logowania do { $host }
sms-verification-code = Kod weryfikacyjny: { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } minutę
    [few] { $minutes } minuty
    [many] { $minutes } minut
   *[other] { $minutes } minuty
}

email-life-hours = { $hours ->
    [one] { $hours } godzinę
    [few] { $hours } godziny
    [many] { $hours } godzin
   *[other] { $hours } godziny
}

email-expiry = Ten kod jest jednorazowy i ważny przez { $expires_in }.

email-sign-in-subject = Twój kod logowania do konta { $business_name }
email-sign-in-preview = Kod jest ważny przez { $expires_in }. Wpisz go, aby się zalogować.
email-sign-in-body = Wpisz ten kod, aby zalogować się do konta { $business_name }:
email-sign-in-disclaimer = Nie udostępniaj nikomu tego kodu. Jeśli to nie Ty prosisz o kod, zignoruj tę wiadomość: bez kodu nikt nie zaloguje się przy użyciu Twojego adresu.

email-sign-up-subject = Twój kod do rejestracji konta { $business_name }
email-sign-up-preview = Kod jest ważny przez { $expires_in }. Wpisz go, aby dokończyć rejestrację.
email-sign-up-body = Wpisz ten kod, aby dokończyć rejestrację konta { $business_name }:
email-sign-up-disclaimer = Nie udostępniaj nikomu tego kodu. Jeśli to nie Ty rejestrujesz konto, zignoruj tę wiadomość: być może ktoś przez pomyłkę wpisał Twój adres.

email-mfa-subject = Twój kod weryfikacyjny do konta { $business_name }
email-mfa-preview = Kod jest ważny przez { $expires_in }. Wpisz go, aby dokończyć logowanie.
email-mfa-body = Wpisz ten kod, aby dokończyć logowanie do konta { $business_name }:
email-mfa-disclaimer = Nie udostępniaj nikomu tego kodu. Jeśli to nie Ty się logujesz, ktoś inny może znać Twoje hasło i należy je zmienić.

email-password-reset-subject = Zresetuj hasło do konta { $business_name }
email-password-reset-preview = Kod jest ważny przez { $expires_in }. Wpisz go, aby ustawić nowe hasło.
email-password-reset-body = Wpisz ten kod, aby ustawić nowe hasło do konta { $business_name }:
email-password-reset-disclaimer = Nie udostępniaj nikomu tego kodu. Jeśli to nie Ty prosisz o nowe hasło, zignoruj tę wiadomość: Twoje hasło pozostaje bez zmian.

email-verify-subject = Potwierdź adres e-mail do konta { $business_name }
email-verify-preview = Kod jest ważny przez { $expires_in }. Wpisz go, aby potwierdzić swój adres.
email-verify-body = Wpisz ten kod, aby potwierdzić swój adres e-mail do konta { $business_name }:
email-verify-disclaimer = Nie udostępniaj nikomu tego kodu. Jeśli to nie Ty prosisz o kod, zignoruj tę wiadomość: być może ktoś przez pomyłkę wpisał Twój adres.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Zaproszenie do zespołu { $business_name }
email-invitation-preview = Przyjmij zaproszenie, aby dołączyć do zespołu.
email-invitation-body = Otrzymujesz zaproszenie do zespołu { $business_name }.
email-invitation-body-by = { $inviter_name } zaprasza Cię do zespołu { $business_name }.
# The button.
email-invitation-action = Przyjmij zaproszenie
email-invitation-disclaimer = Jeśli nazwa { $business_name } nic Ci nie mówi, zignoruj tę wiadomość: nic się nie stanie, dopóki nie przyjmiesz zaproszenia.

# To every owner, when somebody asks for an export.
email-export-subject = Prośba o eksport danych organizacji { $business_name }
email-export-preview = Sprawdź, czy wiesz o tym eksporcie.
email-export-body = Ktoś prosi o eksport danych organizacji { $business_name }.
email-export-body-by = { $actor_name } prosi o eksport danych organizacji { $business_name }.
email-export-time = Czas złożenia prośby: { $requested_at }
# The button.
email-export-action = Sprawdź eksport
email-export-disclaimer = Tę wiadomość otrzymują właściciele organizacji { $business_name }. Jeśli wiesz o tym eksporcie, nie musisz nic robić. W przeciwnym razie odbierz dostęp osobie, która o niego prosi, i zmień swoje hasło.
