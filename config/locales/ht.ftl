# Haitian Creole.

### Text messages.

sms-sign-in = { $code } se kòd ou ka itilize yon sèl fwa pou konekte sou { $host }
sms-verification-code = Kòd verifikasyon ou se { $code }

### Emails with a code.

# Nothing changes with the number, and plural rules for the language are not generally there.
email-life-minutes = { $minutes ->
   *[other] { $minutes } minit
}

email-life-hours = { $hours ->
   *[other] { $hours } èdtan
}

email-expiry = Kòd sa a ka sèvi yon sèl fwa, epi li valab pandan { $expires_in }.

email-sign-in-subject = Kòd ou pou konekte sou { $business_name }
email-sign-in-preview = Ou gen { $expires_in } pou antre kòd la epi konekte.
email-sign-in-body = Antre kòd sa a pou konekte sou { $business_name }:
email-sign-in-disclaimer = Pa pataje kòd sa a ak okenn moun. Si ou pa t mande li, ou ka inyore imel sa a: okenn moun pa ka konekte ak adrès ou san kòd la.

email-sign-up-subject = Kòd ou pou enskri sou { $business_name }
email-sign-up-preview = Ou gen { $expires_in } pou antre kòd la epi fini enskri.
email-sign-up-body = Antre kòd sa a pou fini enskri sou { $business_name }:
email-sign-up-disclaimer = Pa pataje kòd sa a ak okenn moun. Si ou pa t enskri, ou ka inyore imel sa a: yon moun ka te ekri adrès ou pa erè.

email-mfa-subject = Kòd verifikasyon ou pou { $business_name }
email-mfa-preview = Ou gen { $expires_in } pou antre kòd la epi fini konekte.
email-mfa-body = Antre kòd sa a pou fini konekte sou { $business_name }:
email-mfa-disclaimer = Pa pataje kòd sa a ak okenn moun. Si se pa ou menm k ap konekte, petèt yon lòt moun konnen modpas ou, epi ou ta dwe chanje li.

email-password-reset-subject = Reyinisyalize modpas ou pou { $business_name }
email-password-reset-preview = Ou gen { $expires_in } pou antre kòd la epi chwazi yon nouvo modpas.
email-password-reset-body = Antre kòd sa a pou chwazi yon nouvo modpas pou { $business_name }:
email-password-reset-disclaimer = Pa pataje kòd sa a ak okenn moun. Si ou pa t mande yon nouvo modpas, ou ka inyore imel sa a: modpas ou rete jan li ye a.

email-verify-subject = Verifye adrès imel ou pou { $business_name }
email-verify-preview = Ou gen { $expires_in } pou antre kòd la epi verifye adrès ou.
email-verify-body = Antre kòd sa a pou verifye adrès imel ou pou { $business_name }:
email-verify-disclaimer = Pa pataje kòd sa a ak okenn moun. Si ou pa t mande li, ou ka inyore imel sa a: yon moun ka te ekri adrès ou pa erè.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Envitasyon pou rantre nan ekip { $business_name }
email-invitation-preview = Aksepte envitasyon an pou rantre nan ekip la.
email-invitation-body = Yo envite ou rantre nan ekip { $business_name }.
email-invitation-body-by = { $inviter_name } envite ou rantre nan ekip { $business_name }.
# The button.
email-invitation-action = Aksepte envitasyon an
email-invitation-disclaimer = Si ou pa konnen { $business_name }, ou ka inyore imel sa a: anyen p ap fèt si ou pa aksepte.

# To every owner, when somebody asks for an export.
email-export-subject = Demann pou ekspòte done { $business_name }
email-export-preview = Verifye si ou okouran ekspòtasyon sa a.
email-export-body = Yon moun mande pou ekspòte done { $business_name }.
email-export-body-by = { $actor_name } mande pou ekspòte done { $business_name }.
email-export-time = Lè demann lan te fèt: { $requested_at }
# The button.
email-export-action = Verifye ekspòtasyon an
email-export-disclaimer = Ou resevwa imel sa a paske ou se pwopriyetè { $business_name }. Si ou t ap tann ekspòtasyon an, ou pa bezwen fè anyen. Si se pa sa, retire aksè moun ki te mande li a, epi chanje modpas ou.
