/** A measured number, with the bound it has to keep. */
export type Figure = {
  readonly name: string
  readonly value: number
  /** `×`, `µs`, `characters`, … */
  readonly unit: string
  readonly limit?: Limit
}

export type Limit = { readonly atMost: number } | { readonly atLeast: number }

export type Bench = {
  /** What it measures, in a line. */
  readonly about: string
  readonly run: () => Promise<readonly Figure[]>
}

export function keepsLimit({ value, limit }: Figure): boolean {
  if (limit === undefined) return true
  // A number that is none keeps no limit.
  return 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast
}
