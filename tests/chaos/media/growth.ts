/** By how much the last third of a row of numbers lies above its first third, each by its median. A pure function. */
export function growthOf(samples: readonly number[]): number {
  const third = Math.floor(samples.length / 3)
  if (third === 0) return Number.NaN
  return quantile(samples.slice(-third), 0.5) - quantile(samples.slice(0, third), 0.5)
}

/** The smallest value that `share` of the values do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}
