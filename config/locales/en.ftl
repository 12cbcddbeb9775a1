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

email-verify-subject = Confirm your email address for { $business_name }
email-verify-preview = Enter the code within { $expires_in } to confirm your address.
email-verify-body = Enter this code to confirm your email address for { $business_name }:
email-verify-disclaimer = Do not share this code with anyone. If you did not ask for it, you can ignore this email: someone may have typed your address by mistake.
