# Dutch (Belgium). Only what differs from nl, from which it takes the rest.

sms-sign-in = { $code } is je eenmalige code om je aan te melden op { $host }
email-sign-in-subject = Je code om je aan te melden bij { $business_name }
email-sign-in-preview = Voer de code binnen { $expires_in } in om je aan te melden.
email-sign-in-body = Voer deze code in om je aan te melden bij { $business_name }:
email-sign-in-disclaimer = Deel deze code met niemand. Heb je er niet om gevraagd, dan kan je deze e-mail negeren: zonder de code kan niemand zich met jouw adres aanmelden.
email-sign-up-disclaimer = Deel deze code met niemand. Heb je je niet geregistreerd, dan kan je deze e-mail negeren: misschien heeft iemand per ongeluk jouw adres ingevuld.
email-mfa-preview = Voer de code binnen { $expires_in } in om je aanmelding af te ronden.
email-mfa-body = Voer deze code in om je aanmelding bij { $business_name } af te ronden:
email-mfa-disclaimer = Deel deze code met niemand. Meld je je op dit moment niet aan, dan kent iemand anders misschien je wachtwoord en kan je het beter wijzigen.
email-password-reset-disclaimer = Deel deze code met niemand. Heb je niet om een nieuw wachtwoord gevraagd, dan kan je deze e-mail negeren: je wachtwoord blijft zoals het is.
email-verify-disclaimer = Deel deze code met niemand. Heb je er niet om gevraagd, dan kan je deze e-mail negeren: misschien heeft iemand per ongeluk jouw adres ingevuld.
email-invitation-disclaimer = Ken je { $business_name } niet, dan kan je deze e-mail negeren: er gebeurt niets zolang je de uitnodiging niet accepteert.
