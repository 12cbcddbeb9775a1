# Arabic.

### Text messages.

sms-sign-in = { $code } هو رمزك لمرة واحدة للدخول إلى { $host }
sms-verification-code = رمز التحقق الخاص بك هو { $code }

### Emails with a code.

# In the genitive.
email-life-minutes = { $minutes ->
    [zero] { $minutes } دقيقة
    [one] دقيقة واحدة
    [two] دقيقتين
    [few] { $minutes } دقائق
    [many] { $minutes } دقيقة
   *[other] { $minutes } دقيقة
}

email-life-hours = { $hours ->
    [zero] { $hours } ساعة
    [one] ساعة واحدة
    [two] ساعتين
    [few] { $hours } ساعات
    [many] { $hours } ساعة
   *[other] { $hours } ساعة
}

email-expiry = يُستخدم هذا الرمز مرة واحدة فقط، وهو صالح لمدة { $expires_in }.

email-sign-in-subject = رمز تسجيل الدخول إلى { $business_name }
email-sign-in-preview = أدخِل الرمز خلال { $expires_in } لتسجيل الدخول.
email-sign-in-body = أدخِل هذا الرمز لتسجيل الدخول إلى { $business_name }:
email-sign-in-disclaimer = لا تشارك هذا الرمز مع أي شخص. إذا لم تطلبه، فيمكنك تجاهل هذه الرسالة: لا يمكن لأحد تسجيل الدخول باستخدام عنوانك من دون الرمز.

email-sign-up-subject = رمز إنشاء حسابك في { $business_name }
email-sign-up-preview = أدخِل الرمز خلال { $expires_in } لإكمال إنشاء حسابك.
email-sign-up-body = أدخِل هذا الرمز لإكمال إنشاء حسابك في { $business_name }:
email-sign-up-disclaimer = لا تشارك هذا الرمز مع أي شخص. إذا لم تنشئ حسابًا، فيمكنك تجاهل هذه الرسالة: ربما أدخل شخص ما عنوانك عن طريق الخطأ.

email-mfa-subject = رمز التحقق لحسابك في { $business_name }
email-mfa-preview = أدخِل الرمز خلال { $expires_in } لإكمال تسجيل الدخول.
email-mfa-body = أدخِل هذا الرمز لإكمال تسجيل الدخول إلى { $business_name }:
email-mfa-disclaimer = لا تشارك هذا الرمز مع أي شخص. إذا لم تكن تحاول تسجيل الدخول، فقد يكون شخص آخر على علم بكلمة مرورك، ويجب عليك تغييرها.

email-password-reset-subject = إعادة تعيين كلمة مرورك في { $business_name }
email-password-reset-preview = أدخِل الرمز خلال { $expires_in } لاختيار كلمة مرور جديدة.
email-password-reset-body = أدخِل هذا الرمز لاختيار كلمة مرور جديدة لحسابك في { $business_name }:
email-password-reset-disclaimer = لا تشارك هذا الرمز مع أي شخص. إذا لم تطلب كلمة مرور جديدة، فيمكنك تجاهل هذه الرسالة: ستبقى كلمة مرورك كما هي.

email-verify-subject = تأكيد عنوان بريدك الإلكتروني لدى { $business_name }
email-verify-preview = أدخِل الرمز خلال { $expires_in } لتأكيد عنوانك.
email-verify-body = أدخِل هذا الرمز لتأكيد عنوان بريدك الإلكتروني لدى { $business_name }:
email-verify-disclaimer = لا تشارك هذا الرمز مع أي شخص. إذا لم تطلبه، فيمكنك تجاهل هذه الرسالة: ربما أدخل شخص ما عنوانك عن طريق الخطأ.

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = دعوة للانضمام إلى { $business_name }
email-invitation-preview = اقبل الدعوة للانضمام إلى الفريق.
email-invitation-body = تلقّيت دعوة للانضمام إلى فريق { $business_name }.
email-invitation-body-by = تلقّيت دعوة من { $inviter_name } للانضمام إلى فريق { $business_name }.
# The button.
email-invitation-action = قبول الدعوة
email-invitation-disclaimer = إذا كنت لا تعرف { $business_name }، فيمكنك تجاهل هذه الرسالة: لن يحدث شيء ما لم تقبل الدعوة.

# To every owner, when somebody asks for an export.
email-export-subject = طلب تصدير بيانات { $business_name }
email-export-preview = تحقّق من أنك على علم بعملية التصدير هذه.
email-export-body = ورد طلب لتصدير بيانات { $business_name }.
email-export-body-by = ورد طلب من { $actor_name } لتصدير بيانات { $business_name }.
email-export-time = وقت الطلب: { $requested_at }
# The button.
email-export-action = مراجعة عملية التصدير
email-export-disclaimer = تصلك هذه الرسالة بصفتك من مالكي { $business_name }. إذا كنت تتوقع عملية التصدير، فلا يلزمك القيام بأي شيء. وإلا، فألغِ صلاحية وصول صاحب الطلب، وغيّر كلمة مرورك.
