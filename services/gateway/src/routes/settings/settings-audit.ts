import type { PatchSettingsBody, RetentionDays } from '@callwire/contracts'

type Value = string | number | boolean | null

/**
 * What was changed to what, as the audit holds it: one value a field. A life of stored things is told
 * with what it was, as `retentionDays.<kind>.was`: who shortens it has things erased.
 */
export function settingsAudit(
  changes: PatchSettingsBody,
  kept: RetentionDays,
): Record<string, Value> {
  const { caps = {}, callingHours, retentionDays: lives = {}, ...rest } = changes
  const flat = {
    ...rest,
    ...Object.fromEntries(Object.entries(caps).map(([name, cap]) => [`caps.${name}`, cap])),
    ...(callingHours === undefined
      ? {}
      : { callingHours: callingHours === null ? null : JSON.stringify(callingHours) }),
    ...Object.fromEntries(
      Object.entries(lives).flatMap(([kind, days]) => [
        [`retentionDays.${kind}`, days],
        [`retentionDays.${kind}.was`, kept[kind as keyof RetentionDays]],
      ]),
    ),
  }
  return Object.fromEntries(
    Object.entries(flat).filter((entry): entry is [string, Value] => entry[1] !== undefined),
  )
}
