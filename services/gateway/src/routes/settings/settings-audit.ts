import type { PatchSettingsBody } from '@callwire/contracts'

/** What was changed to what, as the audit holds it: one value a field. */
export function settingsAudit(
  changes: PatchSettingsBody,
): Record<string, string | number | boolean | null> {
  const { caps = {}, callingHours, ...rest } = changes
  const flat = {
    ...rest,
    ...Object.fromEntries(Object.entries(caps).map(([name, cap]) => [`caps.${name}`, cap])),
    ...(callingHours === undefined
      ? {}
      : { callingHours: callingHours === null ? null : JSON.stringify(callingHours) }),
  }
  return Object.fromEntries(
    Object.entries(flat).filter(
      (entry): entry is [string, string | number | boolean | null] => entry[1] !== undefined,
    ),
  )
}
