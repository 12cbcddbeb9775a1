# Hebrew.

### Text messages.

sms-sign-in = { $code } הוא הקוד החד-פעמי שלך להתחברות אל { $host }
sms-verification-code = קוד האימות שלך הוא { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] דקה אחת
    [two] שתי דקות
   *[other] { $minutes } דקות
}

email-life-hours = { $hours ->
    [one] שעה אחת
    [two] שעתיים
   *[other] { $hours } שעות
}

email-expiry = אפשר להשתמש בקוד הזה פעם אחת בלבד, והוא בתוקף למשך { $expires_in }.

email-sign-in-subject = הקוד שלך להתחברות אל { $business_name }
email-sign-in-preview = יש להזין אותו תוך { $expires_in } כדי להתחבר.
email-sign-in-body = יש להזין את הקוד הזה כדי להתחבר אל { $business_name }:
email-sign-in-disclaimer = אין לשתף את הקוד הזה עם אף אחד. אם לא ביקשת אותו, אפשר להתעלם מהאימייל הזה: בלי הקוד, אף אחד לא יכול להתחבר עם הכתובת שלך.

email-sign-up-subject = הקוד שלך להרשמה אצל { $business_name }
email-sign-up-preview = יש להזין אותו תוך { $expires_in } כדי להשלים את ההרשמה.
email-sign-up-body = יש להזין את הקוד הזה כדי להשלים את ההרשמה אצל { $business_name }:
email-sign-up-disclaimer = אין לשתף את הקוד הזה עם אף אחד. אם לא נרשמת, אפשר להתעלם מהאימייל הזה: ייתכן שמישהו הקליד את הכתובת שלך בטעות.

email-mfa-subject = קוד האימות שלך עבור { $business_name }
email-mfa-preview = יש להזין אותו תוך { $expires_in } כדי להשלים את ההתחברות.
email-mfa-body = יש להזין את הקוד הזה כדי להשלים את ההתחברות אל { $business_name }:
email-mfa-disclaimer = אין לשתף את הקוד הזה עם אף אחד. אם לא ניסית להתחבר, ייתכן שמישהו אחר יודע את הסיסמה שלך, ומומלץ לשנות אותה.

email-password-reset-subject = איפוס הסיסמה שלך עבור { $business_name }
email-password-reset-preview = יש להזין את הקוד תוך { $expires_in } כדי לבחור סיסמה חדשה.
email-password-reset-body = יש להזין את הקוד הזה כדי לבחור סיסמה חדשה עבור { $business_name }:
email-password-reset-disclaimer = אין לשתף את הקוד הזה עם אף אחד. אם לא ביקשת סיסמה חדשה, אפשר להתעלם מהאימייל הזה: הסיסמה שלך לא תשתנה.

email-verify-subject = אישור כתובת האימייל שלך עבור { $business_name }
email-verify-preview = יש להזין את הקוד תוך { $expires_in } כדי לאשר את הכתובת שלך.
email-verify-body = יש להזין את הקוד הזה כדי לאשר את כתובת האימייל שלך עבור { $business_name }:
email-verify-disclaimer = אין לשתף את הקוד הזה עם אף אחד. אם לא ביקשת אותו, אפשר להתעלם מהאימייל הזה: ייתכן שמישהו הקליד את הכתובת שלך בטעות.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = הזמנה להצטרף אל { $business_name }
email-invitation-preview = יש לאשר את ההזמנה כדי להצטרף לצוות.
email-invitation-body = קיבלת הזמנה להצטרף לצוות של { $business_name }.
email-invitation-body-by = קיבלת הזמנה מאת { $inviter_name } להצטרף לצוות של { $business_name }.
# The button.
email-invitation-action = אישור ההזמנה
email-invitation-disclaimer = אם השם { $business_name } לא מוכר לך, אפשר להתעלם מהאימייל הזה: כל עוד ההזמנה לא אושרה, לא יקרה דבר.

# To every owner, when somebody asks for an export.
email-export-subject = בקשה לייצוא הנתונים של { $business_name }
email-export-preview = כדאי לוודא שהייצוא הזה ידוע לך.
email-export-body = התקבלה בקשה לייצוא הנתונים של { $business_name }.
email-export-body-by = התקבלה בקשה מאת { $actor_name } לייצוא הנתונים של { $business_name }.
email-export-time = מועד הבקשה: { $requested_at }
# The button.
email-export-action = בדיקת הייצוא
email-export-disclaimer = האימייל הזה נשלח לבעלים של { $business_name }. אם הייצוא היה צפוי, אין צורך לעשות דבר. אם לא, יש להסיר את הגישה של מי שביקש אותו ולשנות את הסיסמה שלך.
