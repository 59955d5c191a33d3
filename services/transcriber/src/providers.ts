import { ConfigError } from '@callwire/runtime'
import { loopbackProvider } from './loopback/provider.ts'
import type { SpeechProvider } from './speech/provider.ts'

const available: ReadonlyMap<string, SpeechProvider> = new Map([
  [loopbackProvider.id, loopbackProvider],
])

/** The providers named in ASR_PROVIDER, in the order they are asked. */
export function providersNamed(ids: readonly string[]): SpeechProvider[] {
  return ids.map((id) => {
    const provider = available.get(id)
    if (provider !== undefined) return provider
    const known = [...available.keys()].join(', ')
    throw new ConfigError([
      {
        name: 'ASR_PROVIDER',
        sentence: `ASR_PROVIDER names a provider that is not there; available: ${known}.`,
      },
    ])
  })
}
