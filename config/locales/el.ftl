# Greek.

### Text messages.

sms-sign-in = { $code }: κωδικός μίας χρήσης για σύνδεση στο { $host }
sms-verification-code = Ο κωδικός επαλήθευσής σας είναι { $code }

### Emails with a code.

# In the accusative.
email-life-minutes = { $minutes ->
    [one] { $minutes } λεπτό
   *[other] { $minutes } λεπτά
}

email-life-hours = { $hours ->
    [one] { $hours } ώρα
   *[other] { $hours } ώρες
}

email-expiry = Ο κωδικός μπορεί να χρησιμοποιηθεί μία φορά και ισχύει για { $expires_in }.

email-sign-in-subject = Κωδικός σύνδεσης στον λογαριασμό σας { $business_name }
email-sign-in-preview = Εισαγάγετε τον κωδικό μέσα σε { $expires_in } για να συνδεθείτε.
email-sign-in-body = Εισαγάγετε αυτόν τον κωδικό για να συνδεθείτε στον λογαριασμό σας { $business_name }:
email-sign-in-disclaimer = Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν. Αν δεν τον ζητήσατε, μπορείτε να αγνοήσετε αυτό το email: κανείς δεν μπορεί να συνδεθεί με τη διεύθυνσή σας χωρίς τον κωδικό.

email-sign-up-subject = Κωδικός για τη δημιουργία του λογαριασμού σας { $business_name }
email-sign-up-preview = Εισαγάγετε τον κωδικό μέσα σε { $expires_in } για να ολοκληρώσετε την εγγραφή.
email-sign-up-body = Εισαγάγετε αυτόν τον κωδικό για να ολοκληρώσετε τη δημιουργία του λογαριασμού σας { $business_name }:
email-sign-up-disclaimer = Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν. Αν δεν κάνατε εγγραφή, μπορείτε να αγνοήσετε αυτό το email: ίσως κάποιος πληκτρολόγησε κατά λάθος τη διεύθυνσή σας.

email-mfa-subject = Κωδικός επαλήθευσης για τον λογαριασμό σας { $business_name }
email-mfa-preview = Εισαγάγετε τον κωδικό μέσα σε { $expires_in } για να ολοκληρώσετε τη σύνδεση.
email-mfa-body = Εισαγάγετε αυτόν τον κωδικό για να ολοκληρώσετε τη σύνδεση στον λογαριασμό σας { $business_name }:
email-mfa-disclaimer = Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν. Αν δεν προσπαθείτε να συνδεθείτε, ίσως κάποιος άλλος γνωρίζει τον κωδικό πρόσβασής σας και θα πρέπει να τον αλλάξετε.

email-password-reset-subject = Επαναφορά κωδικού πρόσβασης για τον λογαριασμό σας { $business_name }
email-password-reset-preview = Εισαγάγετε τον κωδικό μέσα σε { $expires_in } για να επιλέξετε νέο κωδικό πρόσβασης.
email-password-reset-body = Εισαγάγετε αυτόν τον κωδικό για να επιλέξετε νέο κωδικό πρόσβασης για τον λογαριασμό σας { $business_name }:
email-password-reset-disclaimer = Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν. Αν δεν ζητήσατε νέο κωδικό πρόσβασης, μπορείτε να αγνοήσετε αυτό το email: ο κωδικός πρόσβασής σας παραμένει ως έχει.

email-verify-subject = Επιβεβαίωση διεύθυνσης email για τον λογαριασμό σας { $business_name }
email-verify-preview = Εισαγάγετε τον κωδικό μέσα σε { $expires_in } για να επιβεβαιώσετε τη διεύθυνσή σας.
email-verify-body = Εισαγάγετε αυτόν τον κωδικό για να επιβεβαιώσετε τη διεύθυνση email για τον λογαριασμό σας { $business_name }:
email-verify-disclaimer = Μην κοινοποιήσετε αυτόν τον κωδικό σε κανέναν. Αν δεν τον ζητήσατε, μπορείτε να αγνοήσετε αυτό το email: ίσως κάποιος πληκτρολόγησε κατά λάθος τη διεύθυνσή σας.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = Πρόσκληση συμμετοχής στην ομάδα { $business_name }
email-invitation-preview = Αποδεχτείτε την πρόσκληση για να γίνετε μέλος της ομάδας.
email-invitation-body = Λάβατε πρόσκληση να γίνετε μέλος της ομάδας { $business_name }.
email-invitation-body-by = { $inviter_name } σας προσκαλεί να γίνετε μέλος της ομάδας { $business_name }.
# The button.
email-invitation-action = Αποδοχή πρόσκλησης
email-invitation-disclaimer = Αν δεν γνωρίζετε την επιχείρηση { $business_name }, μπορείτε να αγνοήσετε αυτό το email: δεν θα συμβεί τίποτα αν δεν αποδεχτείτε την πρόσκληση.

# To every owner, when somebody asks for an export.
email-export-subject = Αίτημα εξαγωγής δεδομένων της επιχείρησης { $business_name }
email-export-preview = Ελέγξτε αν γνωρίζετε για αυτή την εξαγωγή.
email-export-body = Υποβλήθηκε αίτημα για εξαγωγή των δεδομένων της επιχείρησης { $business_name }.
email-export-body-by = { $actor_name } ζήτησε εξαγωγή των δεδομένων της επιχείρησης { $business_name }.
email-export-time = Ώρα αιτήματος: { $requested_at }
# The button.
email-export-action = Έλεγχος της εξαγωγής
email-export-disclaimer = Λαμβάνετε αυτό το email ως κάτοχος της επιχείρησης { $business_name }. Αν αναμένατε την εξαγωγή, δεν χρειάζεται να κάνετε κάτι. Διαφορετικά, αφαιρέστε την πρόσβαση από το άτομο που τη ζήτησε και αλλάξτε τον κωδικό πρόσβασής σας.
