/** A number that a run counted, with the bound it has to keep. */
export type Figure = {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly limit?: Limit
}

export type Limit =
  { readonly exactly: number } | { readonly atMost: number } | { readonly atLeast: number }

/** Whole numbers that may be given as `--name N`, with what they are otherwise. */
export type Settings = Readonly<Record<string, number>>

export type Chaos = {
  /** What it breaks, in a line. */
  readonly about: string
  readonly settings: Settings
  readonly run: (options: RunOptions) => Promise<Report>
}

export type RunOptions = {
  readonly settings: Settings
  /** Another program in the place of the one that is tested: a broken one shows whether the run would notice. */
  readonly instead: string | null
  /** Leaves logs and data where they are, and says where. */
  readonly keep: boolean
  readonly signal: AbortSignal
  readonly onProgress: (line: string) => void
}

export type Report = {
  readonly figures: readonly Figure[]
  /** What is wrong, one line for each of the first few cases. */
  readonly problems: readonly string[]
}

export function keepsLimit({ value, limit }: Figure): boolean {
  if (limit === undefined) return true
  // A number that is none keeps no limit.
  if ('exactly' in limit) return value === limit.exactly
  return 'atMost' in limit ? value <= limit.atMost : value >= limit.atLeast
}
