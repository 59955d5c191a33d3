import type { Detector } from './candidate.ts'
import { detectAadhaars } from './detectors/aadhaar.ts'
import { detectCards } from './detectors/card.ts'
import { detectEmails } from './detectors/email.ts'
import { detectLongRuns } from './detectors/long-run.ts'
import { detectPhones } from './detectors/phone.ts'
import { detectVids } from './detectors/vid.ts'
import type { MaskedSpan } from './kind.ts'
import { normalForm } from './normal-form.ts'
import { resolve } from './resolve.ts'

const detectors: readonly Detector[] = [
  detectPhones,
  detectCards,
  detectAadhaars,
  detectVids,
  detectEmails,
  detectLongRuns,
]

/** Places of personal data in a text, in order, apart from each other. */
export function find(text: string): MaskedSpan[] {
  const normal = normalForm(text)
  return resolve(detectors.flatMap((detect) => detect(normal.text))).map(
    ({ kind, start, end }) => ({
      kind,
      start: normal.starts[start] ?? 0,
      end: normal.ends[end - 1] ?? text.length,
    }),
  )
}
