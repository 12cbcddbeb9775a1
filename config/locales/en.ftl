# English, which every other language falls back to.

### Text messages. Both are fixed and cannot be edited by an environment.
### The digits behind "#" and the line "@host #digits" are not part of these sentences: the service writes them.

# $code: the digits. $host: the host of the business's website, such as acme.example.com.
sms-sign-in = { $code } is your one-time code to sign in to { $host }

# $code: the digits.
sms-verification-code = Your verification code is { $code }

### Emails with a code. Each purpose has a subject, a preview (the line that mail programs show beside the subject), a body
### (the sentence above the code) and a disclaimer (the small print below it). The code itself stands on a line of its own
### between body and email-expiry and must be in none of these strings.
###
### $business_name: what the business is called, up to 300 characters in any script.
### $expires_in: how long the code works, as email-life-minutes or email-life-hours writes it.

# $minutes: whole minutes, 1 to 1439. Written in the form that the sentences with $expires_in need.
email-life-minutes = { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}

# $hours: whole hours, 1 to 24. Written in the form that the sentences with $expires_in need.
email-life-hours = { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}

email-expiry = This code works once, for { $expires_in }.

email-sign-in-subject = Your code to sign in to { $business_name }
email-sign-in-preview = Enter it within { $expires_in } to sign in.
email-sign-in-body = Enter this code to sign in to { $business_name }:
email-sign-in-disclaimer = Do not share this code with anyone. If you did not ask for it, you can ignore this email: nobody can sign in with your address without the code.

email-sign-up-subject = Your code to sign up to { $business_name }
email-sign-up-preview = Enter it within { $expires_in } to finish signing up.
email-sign-up-body = Enter this code to finish signing up to { $business_name }:
email-sign-up-disclaimer = Do not share this code with anyone. If you did not sign up, you can ignore this email: someone may have typed your address by mistake.

email-mfa-subject = Your verification code for { $business_name }
email-mfa-preview = Enter it within { $expires_in } to finish signing in.
email-mfa-body = Enter this code to finish signing in to { $business_name }:
email-mfa-disclaimer = Do not share this code with anyone. If you are not signing in, someone else may know your password, and you should change it.

email-password-reset-subject = Reset your password for { $business_name }
email-password-reset-preview = Enter the code within { $expires_in } to choose a new password.
email-password-reset-body = Enter this code to choose a new password for { $business_name }:
email-password-reset-disclaimer = Do not share this code with anyone. If you did not ask for a new password, you can ignore this email: your password stays as it is.

# Not "confirm your address": spam filters take it for an order's.
email-verify-subject = Verify your email address for { $business_name }
email-verify-preview = Enter the code within { $expires_in } to verify your email address.
email-verify-body = Enter this code to verify your email address for { $business_name }:
email-verify-disclaimer = Do not share this code with anyone. If you did not ask for it, you can ignore this email: someone may have typed your address by mistake.

### Emails without a code. They always come from the platform and cannot be edited by an environment.

# To somebody who was added to the team by hand.
# $inviter_name: who added them, as a person writes their name; email-invitation-body is for when nobody said.
email-invitation-subject = Invitation to join { $business_name }
email-invitation-preview = Accept the invitation to join the team.
email-invitation-body = You are invited to join the team of { $business_name }.
email-invitation-body-by = { $inviter_name } invites you to join the team of { $business_name }.
# The words on the button, and before the bare link in plain text.
email-invitation-action = Accept the invitation
email-invitation-disclaimer = If you do not know { $business_name }, you can ignore this email: nothing happens unless you accept.

# To every owner, when somebody asks for an export of the business's data.
# $actor_name: who asked; email-export-body is for when nobody said.
email-export-subject = Data export requested at { $business_name }
email-export-preview = Check that you know about this export.
email-export-body = Somebody asked for an export of the data of { $business_name }.
email-export-body-by = { $actor_name } asked for an export of the data of { $business_name }.
# $requested_at: date and time in digits with "UTC", such as 2026-11-22 09:00 UTC.
email-export-time = Time of the request: { $requested_at }
# The words on the button, and before the bare link in plain text.
email-export-action = Review the export
email-export-disclaimer = You receive this email as an owner of { $business_name }. If you expected the export, there is nothing to do. If not, remove access from whoever asked for it, and change your password.
