# Thai.

### Text messages.

sms-sign-in = { $code } คือรหัส OTP สำหรับเข้าสู่ระบบ { $host }
sms-verification-code = รหัสยืนยันของคุณคือ { $code }

### Emails with a code.

email-life-minutes = { $minutes ->
   *[other] { $minutes } นาที
}

email-life-hours = { $hours ->
   *[other] { $hours } ชั่วโมง
}

email-expiry = รหัสนี้ใช้ได้ครั้งเดียวและมีอายุการใช้งาน { $expires_in }

email-sign-in-subject = รหัสสำหรับเข้าสู่ระบบ { $business_name }
email-sign-in-preview = ป้อนรหัสภายใน { $expires_in } เพื่อเข้าสู่ระบบ
email-sign-in-body = ป้อนรหัสนี้เพื่อเข้าสู่ระบบ { $business_name }:
email-sign-in-disclaimer = อย่าบอกรหัสนี้กับใคร หากคุณไม่ได้ขอรหัสนี้ คุณไม่ต้องสนใจอีเมลนี้ เพราะหากไม่มีรหัสนี้ จะไม่มีใครเข้าสู่ระบบด้วยที่อยู่อีเมลของคุณได้

email-sign-up-subject = รหัสสำหรับลงทะเบียนกับ { $business_name }
email-sign-up-preview = ป้อนรหัสภายใน { $expires_in } เพื่อลงทะเบียนให้เสร็จสมบูรณ์
email-sign-up-body = ป้อนรหัสนี้เพื่อลงทะเบียนกับ { $business_name } ให้เสร็จสมบูรณ์:
email-sign-up-disclaimer = อย่าบอกรหัสนี้กับใคร หากคุณไม่ได้ลงทะเบียน คุณไม่ต้องสนใจอีเมลนี้ เพราะอาจมีผู้ป้อนที่อยู่อีเมลของคุณโดยไม่ได้ตั้งใจ

email-mfa-subject = รหัสยืนยันของคุณสำหรับ { $business_name }
email-mfa-preview = ป้อนรหัสภายใน { $expires_in } เพื่อเข้าสู่ระบบให้เสร็จสมบูรณ์
email-mfa-body = ป้อนรหัสนี้เพื่อเข้าสู่ระบบ { $business_name } ให้เสร็จสมบูรณ์:
email-mfa-disclaimer = อย่าบอกรหัสนี้กับใคร หากคุณไม่ได้กำลังเข้าสู่ระบบ อาจมีผู้อื่นทราบรหัสผ่านของคุณ คุณจึงควรเปลี่ยนรหัสผ่าน

email-password-reset-subject = รีเซ็ตรหัสผ่านของคุณสำหรับ { $business_name }
email-password-reset-preview = ป้อนรหัสภายใน { $expires_in } เพื่อตั้งรหัสผ่านใหม่
email-password-reset-body = ป้อนรหัสนี้เพื่อตั้งรหัสผ่านใหม่สำหรับ { $business_name }:
email-password-reset-disclaimer = อย่าบอกรหัสนี้กับใคร หากคุณไม่ได้ขอรหัสผ่านใหม่ คุณไม่ต้องสนใจอีเมลนี้ รหัสผ่านของคุณจะยังคงเหมือนเดิม

email-verify-subject = ยืนยันที่อยู่อีเมลของคุณสำหรับ { $business_name }
email-verify-preview = ป้อนรหัสภายใน { $expires_in } เพื่อยืนยันที่อยู่อีเมลของคุณ
email-verify-body = ป้อนรหัสนี้เพื่อยืนยันที่อยู่อีเมลของคุณสำหรับ { $business_name }:
email-verify-disclaimer = อย่าบอกรหัสนี้กับใคร หากคุณไม่ได้ขอรหัสนี้ คุณไม่ต้องสนใจอีเมลนี้ เพราะอาจมีผู้ป้อนที่อยู่อีเมลของคุณโดยไม่ได้ตั้งใจ

### Emails without a code.

# To somebody who was added to the team by hand.
email-invitation-subject = คำเชิญเข้าร่วมทีม { $business_name }
email-invitation-preview = ตอบรับคำเชิญเพื่อเข้าร่วมทีม
email-invitation-body = คุณได้รับเชิญให้เข้าร่วมทีม { $business_name }
email-invitation-body-by = { $inviter_name } เชิญคุณเข้าร่วมทีม { $business_name }
# The button.
email-invitation-action = ตอบรับคำเชิญ
email-invitation-disclaimer = หากคุณไม่รู้จัก { $business_name } คุณไม่ต้องสนใจอีเมลนี้ เพราะจะไม่มีอะไรเกิดขึ้นหากคุณไม่ตอบรับคำเชิญ

# To every owner, when somebody asks for an export.
email-export-subject = มีคำขอส่งออกข้อมูลของ { $business_name }
email-export-preview = โปรดตรวจสอบว่าคุณทราบเกี่ยวกับการส่งออกข้อมูลนี้
email-export-body = มีผู้ขอส่งออกข้อมูลของ { $business_name }
email-export-body-by = { $actor_name } ขอส่งออกข้อมูลของ { $business_name }
email-export-time = เวลาที่ส่งคำขอ: { $requested_at }
# The button.
email-export-action = ตรวจสอบการส่งออก
email-export-disclaimer = คุณได้รับอีเมลนี้ในฐานะเจ้าของ { $business_name } หากคุณทราบเรื่องการส่งออกนี้อยู่แล้ว คุณไม่ต้องดำเนินการใดๆ หากไม่ทราบ โปรดยกเลิกสิทธิ์เข้าถึงของผู้ที่ส่งคำขอและเปลี่ยนรหัสผ่านของคุณ
