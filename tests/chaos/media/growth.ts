/**
 * By how much the last third of a row of numbers lies above its first third, each by its quantile `share`: 0.5 for what
 * they are, 0 for how low they come, which is what is left of memory behind a collector. A pure function.
 */
export function growthOf(samples: readonly number[], share = 0.5): number {
  const third = Math.floor(samples.length / 3)
  if (third === 0) return Number.NaN
  return quantile(samples.slice(-third), share) - quantile(samples.slice(0, third), share)
}

/** Without the first quarter: memory that a process takes once, when it gets to work. */
export function settled<T>(samples: readonly T[]): readonly T[] {
  return samples.slice(Math.floor(samples.length / 4))
}

/** The smallest value that `share` of the values do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
