export { maskKinds, type Masked, type MaskedSpan, type MaskedText, type MaskKind } from './kind.ts'
export { mask } from './mask.ts'
export { maskInterim } from './mask-interim.ts'
export { maskPhoneNumber } from './mask-phone-number.ts'
