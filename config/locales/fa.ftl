# Persian.

### Text messages.

sms-sign-in = { $code }: کد یک بار مصرف شما برای ورود به { $host }
sms-verification-code = کد تأیید شما { $code } است

### Emails with a code.

email-life-minutes = { $minutes ->
    [one] { $minutes } دقیقه
   *[other] { $minutes } دقیقه
}

email-life-hours = { $hours ->
    [one] { $hours } ساعت
   *[other] { $hours } ساعت
}

email-expiry = این کد فقط یک بار قابل استفاده است و به مدت { $expires_in } اعتبار دارد.

email-sign-in-subject = کد شما برای ورود به { $business_name }
email-sign-in-preview = برای ورود، کد را ظرف { $expires_in } وارد کنید.
email-sign-in-body = برای ورود به { $business_name }، این کد را وارد کنید:
email-sign-in-disclaimer = این کد را در اختیار هیچ کس قرار ندهید. اگر شما آن را درخواست نکردید، این ایمیل را نادیده بگیرید: بدون این کد، ورود با نشانی شما برای کسی ممکن نیست.

email-sign-up-subject = کد شما برای ثبت نام در { $business_name }
email-sign-up-preview = برای تکمیل ثبت نام، کد را ظرف { $expires_in } وارد کنید.
email-sign-up-body = برای تکمیل ثبت نام در { $business_name }، این کد را وارد کنید:
email-sign-up-disclaimer = این کد را در اختیار هیچ کس قرار ندهید. اگر شما ثبت نام نکردید، این ایمیل را نادیده بگیرید: شاید کسی نشانی شما را به اشتباه وارد کرده باشد.

email-mfa-subject = کد تأیید شما برای { $business_name }
email-mfa-preview = برای تکمیل ورود، کد را ظرف { $expires_in } وارد کنید.
email-mfa-body = برای تکمیل ورود به { $business_name }، این کد را وارد کنید:
email-mfa-disclaimer = این کد را در اختیار هیچ کس قرار ندهید. اگر شما در حال ورود نیستید، شاید شخص دیگری گذرواژه شما را بداند و باید آن را تغییر دهید.

email-password-reset-subject = بازنشانی گذرواژه شما در { $business_name }
email-password-reset-preview = برای انتخاب گذرواژه جدید، کد را ظرف { $expires_in } وارد کنید.
email-password-reset-body = برای انتخاب گذرواژه جدید در { $business_name }، این کد را وارد کنید:
email-password-reset-disclaimer = این کد را در اختیار هیچ کس قرار ندهید. اگر شما گذرواژه جدید درخواست نکردید، این ایمیل را نادیده بگیرید: گذرواژه شما بدون تغییر باقی خواهد ماند.

email-verify-subject = تأیید نشانی ایمیل شما برای { $business_name }
email-verify-preview = برای تأیید نشانی خود، کد را ظرف { $expires_in } وارد کنید.
email-verify-body = برای تأیید نشانی ایمیل خود در { $business_name }، این کد را وارد کنید:
email-verify-disclaimer = این کد را در اختیار هیچ کس قرار ندهید. اگر شما آن را درخواست نکردید، این ایمیل را نادیده بگیرید: شاید کسی نشانی شما را به اشتباه وارد کرده باشد.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = دعوت به پیوستن به { $business_name }
email-invitation-preview = برای پیوستن به تیم، دعوت را بپذیرید.
email-invitation-body = از شما برای پیوستن به تیم { $business_name } دعوت شده است.
email-invitation-body-by = { $inviter_name } از شما برای پیوستن به تیم { $business_name } دعوت کرده است.
# The button.
email-invitation-action = پذیرش دعوت
email-invitation-disclaimer = اگر { $business_name } برایتان آشنا نیست، این ایمیل را نادیده بگیرید: تا دعوت را نپذیرید، اتفاقی نخواهد افتاد.

# To every owner, when somebody asks for an export.
email-export-subject = درخواست خروجی گرفتن از اطلاعات { $business_name }
email-export-preview = بررسی کنید که از این درخواست خبر دارید.
email-export-body = شخصی درخواست کرده است که از اطلاعات { $business_name } خروجی گرفته شود.
email-export-body-by = { $actor_name } درخواست کرده است که از اطلاعات { $business_name } خروجی گرفته شود.
email-export-time = زمان درخواست: { $requested_at }
# The button.
email-export-action = بررسی خروجی
email-export-disclaimer = این ایمیل برای مالکان { $business_name } فرستاده شده است. اگر منتظر این خروجی بودید، نیازی به انجام کاری نیست. در غیر این صورت، دسترسی شخصی را که آن را درخواست کرده است لغو کنید و گذرواژه خود را تغییر دهید.
