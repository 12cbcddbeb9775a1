# Czech.

### Text messages.

sms-sign-in = { $code } je jednorázový kód k přihlášení na { $host }
sms-verification-code = Váš ověřovací kód je { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } minutu
    [few] { $minutes } minuty
   *[other] { $minutes } minut
}

email-life-hours = { $hours ->
    [one] { $hours } hodinu
    [few] { $hours } hodiny
   *[other] { $hours } hodin
}

email-expiry = Tento kód lze použít jen jednou a platí { $expires_in }.

email-sign-in-subject = Kód pro přihlášení k účtu { $business_name }
email-sign-in-preview = Kód platí { $expires_in }. Zadejte ho a přihlaste se.
email-sign-in-body = Zadejte tento kód a přihlaste se k účtu { $business_name }:
email-sign-in-disclaimer = Tento kód nikomu nesdělujte. Pokud jste o něj nežádali, můžete tento e-mail ignorovat: bez kódu se s vaší adresou nikdo nepřihlásí.

email-sign-up-subject = Kód pro registraci účtu { $business_name }
email-sign-up-preview = Kód platí { $expires_in }. Zadejte ho a dokončete registraci.
email-sign-up-body = Zadejte tento kód a dokončete registraci účtu { $business_name }:
email-sign-up-disclaimer = Tento kód nikomu nesdělujte. Pokud jste se neregistrovali, můžete tento e-mail ignorovat: někdo mohl vaši adresu zadat omylem.

email-mfa-subject = Ověřovací kód pro účet { $business_name }
email-mfa-preview = Kód platí { $expires_in }. Zadejte ho a dokončete přihlášení.
email-mfa-body = Zadejte tento kód a dokončete přihlášení k účtu { $business_name }:
email-mfa-disclaimer = Tento kód nikomu nesdělujte. Pokud se právě nepřihlašujete, může vaše heslo znát někdo jiný a měli byste ho změnit.

email-password-reset-subject = Obnovení hesla k účtu { $business_name }
email-password-reset-preview = Kód platí { $expires_in }. Zadejte ho a zvolte si nové heslo.
email-password-reset-body = Zadejte tento kód a zvolte si nové heslo k účtu { $business_name }:
email-password-reset-disclaimer = Tento kód nikomu nesdělujte. Pokud jste o nové heslo nežádali, můžete tento e-mail ignorovat: vaše heslo zůstává stejné.

email-verify-subject = Potvrďte svou e-mailovou adresu pro účet { $business_name }
email-verify-preview = Kód platí { $expires_in }. Zadejte ho a potvrďte svou adresu.
email-verify-body = Zadejte tento kód a potvrďte svou e-mailovou adresu pro účet { $business_name }:
email-verify-disclaimer = Tento kód nikomu nesdělujte. Pokud jste o něj nežádali, můžete tento e-mail ignorovat: někdo mohl vaši adresu zadat omylem.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Pozvánka do týmu { $business_name }
email-invitation-preview = Přijměte pozvánku a připojte se k týmu.
email-invitation-body = Zveme vás do týmu { $business_name }.
email-invitation-body-by = { $inviter_name } vás zve do týmu { $business_name }.
# The button.
email-invitation-action = Přijmout pozvánku
email-invitation-disclaimer = Pokud název { $business_name } neznáte, můžete tento e-mail ignorovat: dokud pozvánku nepřijmete, nic se nestane.

# To every owner, when somebody asks for an export.
email-export-subject = Žádost o export dat organizace { $business_name }
email-export-preview = Zkontrolujte, zda o tomto exportu víte.
email-export-body = Někdo požádal o export dat organizace { $business_name }.
email-export-body-by = { $actor_name } žádá o export dat organizace { $business_name }.
email-export-time = Čas žádosti: { $requested_at }
# The button.
email-export-action = Zkontrolovat export
email-export-disclaimer = Tento e-mail dostávají vlastníci organizace { $business_name }. Pokud jste export očekávali, nemusíte nic dělat. Pokud ne, odeberte přístup tomu, kdo o něj požádal, a změňte si heslo.
