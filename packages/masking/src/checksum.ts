/** The Luhn check of payment cards (ISO/IEC 7812-1 annex B) over ASCII digits. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place += 1) {
    const digit = Number(digits.at(-1 - place))
    const weighted = place % 2 === 1 ? digit * 2 : digit
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}

/** The Verhoeff check of Aadhaar numbers and virtual ids (UIDAI) over ASCII digits. */
export function passesVerhoeff(digits: string): boolean {
  let check = 0
  for (let place = 0; place < digits.length; place += 1) {
    check = multiply(check, permute(Number(digits.at(-1 - place)), place))
  }
  return check === 0
}

/** Multiplication in the dihedral group of order 10: rotations 0 to 4, reflections 5 to 9. */
function multiply(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : 5 + ((a + b) % 5)
  return b < 5 ? 5 + ((a - b + 5) % 5) : (a - b + 5) % 5
}

const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

function permute(digit: number, times: number): number {
  let result = digit
  for (let turn = 0; turn < times % 8; turn += 1) result = PERMUTATION[result] ?? 0
  return result
}
