# Romanian.

### Text messages.

sms-sign-in = { $code } este codul dvs. unic pentru conectare la { $host }
sms-verification-code = Codul dvs. de verificare este { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } minut
    [few] { $minutes } minute
   *[other] { $minutes } de minute
}

email-life-hours = { $hours ->
    [one] { $hours } oră
    [few] { $hours } ore
   *[other] { $hours } de ore
}

email-expiry = Acest cod poate fi folosit o singură dată și este valabil { $expires_in }.

email-sign-in-subject = Codul dvs. de conectare la { $business_name }
email-sign-in-preview = Introduceți codul în decurs de { $expires_in } pentru a vă conecta.
email-sign-in-body = Introduceți acest cod pentru a vă conecta la { $business_name }:
email-sign-in-disclaimer = Nu comunicați nimănui acest cod. Dacă nu l-ați solicitat, puteți ignora acest e-mail: fără cod, nimeni nu se poate conecta cu adresa dvs.

email-sign-up-subject = Codul dvs. de înregistrare la { $business_name }
email-sign-up-preview = Introduceți codul în decurs de { $expires_in } pentru a finaliza înregistrarea.
email-sign-up-body = Introduceți acest cod pentru a finaliza înregistrarea la { $business_name }:
email-sign-up-disclaimer = Nu comunicați nimănui acest cod. Dacă nu v-ați înregistrat, puteți ignora acest e-mail: este posibil ca cineva să fi introdus adresa dvs. din greșeală.

email-mfa-subject = Codul dvs. de verificare pentru { $business_name }
email-mfa-preview = Introduceți codul în decurs de { $expires_in } pentru a finaliza conectarea.
email-mfa-body = Introduceți acest cod pentru a finaliza conectarea la { $business_name }:
email-mfa-disclaimer = Nu comunicați nimănui acest cod. Dacă nu încercați să vă conectați, este posibil ca altcineva să vă cunoască parola și ar trebui să o schimbați.

email-password-reset-subject = Resetați parola pentru { $business_name }
email-password-reset-preview = Introduceți codul în decurs de { $expires_in } pentru a alege o parolă nouă.
email-password-reset-body = Introduceți acest cod pentru a alege o parolă nouă pentru { $business_name }:
email-password-reset-disclaimer = Nu comunicați nimănui acest cod. Dacă nu ați solicitat o parolă nouă, puteți ignora acest e-mail: parola dvs. rămâne neschimbată.

email-verify-subject = Confirmați adresa de e-mail pentru { $business_name }
email-verify-preview = Introduceți codul în decurs de { $expires_in } pentru a confirma adresa.
email-verify-body = Introduceți acest cod pentru a confirma adresa de e-mail pentru { $business_name }:
email-verify-disclaimer = Nu comunicați nimănui acest cod. Dacă nu l-ați solicitat, puteți ignora acest e-mail: este posibil ca cineva să fi introdus adresa dvs. din greșeală.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Invitație în echipa { $business_name }
email-invitation-preview = Acceptați invitația de a vă alătura echipei.
email-invitation-body = Ați primit o invitație de a vă alătura echipei { $business_name }.
email-invitation-body-by = { $inviter_name } vă invită să vă alăturați echipei { $business_name }.
# The button.
email-invitation-action = Acceptați invitația
email-invitation-disclaimer = Dacă nu cunoașteți { $business_name }, puteți ignora acest e-mail: nu se întâmplă nimic dacă nu acceptați.

# To every owner, when somebody asks for an export.
email-export-subject = Export de date solicitat la { $business_name }
email-export-preview = Verificați dacă știți despre acest export.
email-export-body = Cineva a solicitat un export al datelor organizației { $business_name }.
email-export-body-by = { $actor_name } a solicitat un export al datelor organizației { $business_name }.
email-export-time = Ora solicitării: { $requested_at }
# The button.
email-export-action = Verificați exportul
email-export-disclaimer = Primiți acest e-mail în calitate de proprietar al organizației { $business_name }. Dacă vă așteptați la acest export, nu trebuie să faceți nimic. În caz contrar, retrageți accesul persoanei care l-a solicitat și schimbați-vă parola.
