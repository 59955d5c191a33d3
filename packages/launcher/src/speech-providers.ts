/** What each speech provider cannot do without. */
const needed = {
  elevenlabs: 'ELEVENLABS_API_KEY',
  deepgram: 'DEEPGRAM_API_KEY',
  sarvam: 'SARVAM_API_KEY',
  openai: 'OPENAI_API_KEY',
  vosk: 'VOSK_URL',
  custom: 'CUSTOM_STT_URL',
  loopback: null,
} as const

type ProviderId = keyof typeof needed

function isProvider(id: string): id is ProviderId {
  return Object.hasOwn(needed, id)
}

/**
 * What stands against the providers that `ASR_PROVIDER` lists: one that nobody knows, or one whose key or address is
 * not set. Names variables only.
 */
export function missingSpeechVariables(
  list: string,
  values: Readonly<Record<string, unknown>>,
): { name: string; sentence: string }[] {
  const ids = list
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
  return ids.flatMap((id) => {
    if (!isProvider(id)) {
      const known = Object.keys(needed).join(', ')
      return [{ name: 'ASR_PROVIDER', sentence: `ASR_PROVIDER may only list ${known}.` }]
    }
    const variable = needed[id]
    if (variable === null || values[variable] !== undefined) return []
    return [{ name: variable, sentence: `${variable} is not set, and ASR_PROVIDER lists ${id}.` }]
  })
}
