/** Every kind of personal data a mask may name, as it reads inside its brackets. */
export const maskKinds = [
  'phone',
  'card',
  'cvv',
  'expiry',
  'aadhaar',
  'vid',
  'pan',
  'gstin',
  'ifsc',
  'account',
  'upi',
  'otp',
  'email',
  'passport',
  'voter_id',
  'vehicle',
  'dob',
  'pincode',
] as const

export type MaskKind = (typeof maskKinds)[number]

declare const maskedBrand: unique symbol

/** Text that went through this package. */
export type MaskedText = string & { readonly [maskedBrand]: true }

/** Where a hidden span reads `[kind]` in the masked text: UTF-16 units, `end` exclusive. */
export type MaskedSpan = { kind: MaskKind; start: number; end: number }

export type Masked = { text: MaskedText; masked: MaskedSpan[] }
