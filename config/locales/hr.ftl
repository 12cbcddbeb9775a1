# Croatian.

### Text messages.

sms-sign-in = { $code } je jednokratni kod za prijavu na { $host }
sms-verification-code = Kontrolni kod je { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } minutu
    [few] { $minutes } minute
   *[other] { $minutes } minuta
}

email-life-hours = { $hours ->
    [one] { $hours } sat
    [few] { $hours } sata
   *[other] { $hours } sati
}

email-expiry = Kod se može upotrijebiti samo jednom i vrijedi { $expires_in }.

email-sign-in-subject = Vaš kod za prijavu na račun { $business_name }
email-sign-in-preview = Kod vrijedi { $expires_in }. Unesite ga da biste se prijavili.
email-sign-in-body = Unesite ovaj kod da biste se prijavili na račun { $business_name }:
email-sign-in-disclaimer = Nemojte nikome otkriti ovaj kod. Ako ga niste zatražili, možete zanemariti ovu poruku e-pošte: bez koda se nitko ne može prijaviti s vašom adresom.

email-sign-up-subject = Vaš kod za registraciju računa { $business_name }
email-sign-up-preview = Kod vrijedi { $expires_in }. Unesite ga da biste dovršili registraciju.
email-sign-up-body = Unesite ovaj kod da biste dovršili registraciju računa { $business_name }:
email-sign-up-disclaimer = Nemojte nikome otkriti ovaj kod. Ako se niste registrirali, možete zanemariti ovu poruku e-pošte: netko je možda slučajno upisao vašu adresu.

email-mfa-subject = Vaš kontrolni kod za račun { $business_name }
email-mfa-preview = Kod vrijedi { $expires_in }. Unesite ga da biste dovršili prijavu.
email-mfa-body = Unesite ovaj kod da biste dovršili prijavu na račun { $business_name }:
email-mfa-disclaimer = Nemojte nikome otkriti ovaj kod. Ako se upravo ne prijavljujete, netko drugi možda zna vašu lozinku i trebali biste je promijeniti.

email-password-reset-subject = Ponovno postavite lozinku za račun { $business_name }
email-password-reset-preview = Kod vrijedi { $expires_in }. Unesite ga da biste odabrali novu lozinku.
email-password-reset-body = Unesite ovaj kod da biste odabrali novu lozinku za račun { $business_name }:
email-password-reset-disclaimer = Nemojte nikome otkriti ovaj kod. Ako niste zatražili novu lozinku, možete zanemariti ovu poruku e-pošte: vaša lozinka ostaje ista.

email-verify-subject = Potvrdite svoju adresu e-pošte za račun { $business_name }
email-verify-preview = Kod vrijedi { $expires_in }. Unesite ga da biste potvrdili svoju adresu.
email-verify-body = Unesite ovaj kod da biste potvrdili svoju adresu e-pošte za račun { $business_name }:
email-verify-disclaimer = Nemojte nikome otkriti ovaj kod. Ako ga niste zatražili, možete zanemariti ovu poruku e-pošte: netko je možda slučajno upisao vašu adresu.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Pozivnica za tim { $business_name }
email-invitation-preview = Prihvatite pozivnicu da biste se pridružili timu.
email-invitation-body = Pozivamo vas da se pridružite timu { $business_name }.
email-invitation-body-by = { $inviter_name } vas poziva da se pridružite timu { $business_name }.
# The button.
email-invitation-action = Prihvati pozivnicu
email-invitation-disclaimer = Ako vam naziv { $business_name } nije poznat, možete zanemariti ovu poruku e-pošte: ništa se neće dogoditi ako ne prihvatite pozivnicu.

# To every owner, when somebody asks for an export.
email-export-subject = Zahtjev za izvoz podataka organizacije { $business_name }
email-export-preview = Provjerite znate li za ovaj izvoz.
email-export-body = Zatražen je izvoz podataka organizacije { $business_name }.
email-export-body-by = { $actor_name } traži izvoz podataka organizacije { $business_name }.
email-export-time = Vrijeme zahtjeva: { $requested_at }
# The button.
email-export-action = Pregledaj izvoz
email-export-disclaimer = Ovu poruku e-pošte primaju vlasnici organizacije { $business_name }. Ako ste očekivali izvoz, ne morate ništa učiniti. Ako niste, uklonite pristup osobi koja ga je zatražila i promijenite svoju lozinku.
