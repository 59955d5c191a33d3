import fc from 'fast-check'

const digits = (length: number, first = '0123456789') =>
  fc
    .tuple(
      fc.constantFrom(...Array.from(first)),
      fc.string({
        unit: fc.constantFrom(...Array.from('0123456789')),
        minLength: length - 1,
        maxLength: length - 1,
      }),
    )
    .map((parts) => parts.join(''))

/** Cuts digits into groups of these sizes. */
export function grouped(text: string, sizes: readonly number[], separator: string): string {
  let position = 0
  return sizes.map((size) => text.slice(position, (position += size))).join(separator)
}

const separator = fc.constantFrom(' ', '-', '.', ' - ', '  ')

const mobile = fc
  .tuple(
    fc.constantFrom('', '+91', '+91 ', '+91-', '91', '91 ', '0091 ', '0', '0 '),
    digits(10, '6789'),
    fc.constantFrom([10], [5, 5], [3, 3, 4], [4, 3, 3]),
    separator,
  )
  .map(([prefix, number, sizes, by]) => prefix + grouped(number, sizes, by))

const readOut = fc
  .tuple(
    digits(10, '6789'),
    fc.constantFrom([2, 2, 2, 2, 2], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [3, 2, 2, 3]),
    fc.constantFrom(' ', '-'),
  )
  .map(([number, sizes, by]) => grouped(number, sizes, by))

const landline = fc
  .tuple(digits(10, '123456789'), fc.constantFrom([3, 4, 4], [3, 8], [4, 3, 4], [5, 6]), separator)
  .map(([number, sizes, by]) => grouped(`0${number}`, sizes, by))

const tollFree = fc
  .tuple(fc.constantFrom('1800', '1860'), digits(7), separator)
  .map(([prefix, number, by]) => grouped(prefix + number, [4, 3, 4], by))

const international = fc
  .tuple(fc.constantFrom('+1', '+44', '+971', '+65'), digits(10, '23456789'), separator)
  .map(([code, number, by]) => `${code}${by}${grouped(number, [3, 3, 4], by)}`)

const aadhaar = fc
  .tuple(digits(12), fc.constantFrom(' ', '-', ':', '.', ''))
  .map(([number, by]) => grouped(number, [4, 4, 4], by))

const card = fc
  .tuple(digits(16), fc.constantFrom([4, 4, 4, 4], [16]), fc.constantFrom(' ', '-', '.'))
  .map(([number, sizes, by]) => grouped(number, sizes, by))

/** Numbers as they are written, each wholly hidden by `mask`. */
export const writtenNumber = fc.oneof(
  mobile,
  readOut,
  landline,
  tollFree,
  international,
  aadhaar,
  card,
)

const zeros = ['0', '०', '০', '௦', '٠', '０', '𝟎', '𝟘']

/** A function that rewrites ASCII digits in a script. */
export const script = fc.constantFrom(...zeros).map((zero) => (text: string) => {
  const first = zero.codePointAt(0) ?? 0
  return text.replace(/[0-9]/g, (digit) => String.fromCodePoint(first + Number(digit)))
})

export const words = fc.uniqueArray(
  fc.constantFrom(
    'mera',
    'number',
    'hai',
    'call',
    'me',
    'on',
    'नंबर',
    'है',
    'पर',
    'please,',
    'okay.',
    '😀',
    '12',
    '[phone]',
    'e\u0301',
  ),
  { maxLength: 6 },
)

/** Text that is likely to stumble over a number: digits, separators, brackets, letters, scripts. */
export const stumbling = fc
  .array(
    fc.oneof(
      fc.constantFrom(' ', '-', '.', ',', ':', '+', '(', ')', '@', '/', '\n', '\u00a0', '\u200d'),
      fc.constantFrom(
        '[',
        ']',
        '[phone]',
        '[email]',
        'card ',
        'aadhaar ',
        'a',
        'है',
        '😀',
        '\ud83d',
      ),
      fc.constantFrom('0', '1', '91', '98', '987', '1800', '4111', '98765', '43210', '1111'),
      fc.constantFrom('९', '７', '𝟗', '9\ufe0f\u20e3', 'ravi@', 'example.com', '@a.co', '٤٣٢'),
      fc.string({ maxLength: 3, unit: 'binary' }),
      writtenNumber,
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(''))
