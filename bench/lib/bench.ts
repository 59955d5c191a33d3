/** A measured number, with the bound it has to keep. */
export type Figure = {
  readonly name: string
  readonly value: number
  /** `×`, `µs`, `characters`, … */
  readonly unit: string
  readonly limit?: Limit
}

export type Limit = { readonly atMost: number } | { readonly atLeast: number }

export type Settings = Readonly<Record<string, number>>

export type Bench = {
  /** What it measures, in a line. */
  readonly about: string
  /** Whole numbers that may be given as `--name N`, with what they are otherwise. */
  readonly settings?: Settings
  readonly run: (settings: Settings) => Promise<readonly Figure[]>
}

export function keepsLimit({ value, limit }: Figure): boolean {
  if (limit === undefined) return true
  // A number that is none keeps no limit.
  return 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast
}
