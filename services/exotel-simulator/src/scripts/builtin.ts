import { type Script } from './script.ts'

const agent = { name: 'agent', pitchHz: 205 }
const customer = { name: 'customer', pitchHz: 122 }
const speakers = [agent, customer]

type Line = readonly [speaker: 0 | 1, language: string, text: string]

function conversation(name: string, title: string, lines: readonly Line[]): Script {
  const turns = lines.map(([speaker, language, text]) => ({ speaker, language, text }))
  return { name, title, speakers, turns }
}

/** The conversations that come with the simulator; speaker 0 is the agent, 1 the customer. */
export const builtinScripts: readonly Script[] = [
  conversation('english-delivery', 'A delivery is moved to Friday', [
    [0, 'en-IN', 'Hello, this is Asha from Blue Cart about your order.'],
    [1, 'en-IN', 'Yes, please call me on 98765 43210.'],
    [0, 'en-IN', 'Thank you, we deliver on Friday.'],
    [1, 'en-IN', 'Great, goodbye.'],
  ]),
  conversation('hindi-loan', 'A question about an instalment', [
    [0, 'hi-IN', 'नमस्ते, मैं बैंक से नेहा बोल रही हूँ।'],
    [1, 'hi-IN', 'जी, मेरा नंबर 91234 56780 है।'],
    [0, 'hi-IN', 'धन्यवाद, आपकी किस्त कल तक जमा कर दें।'],
    [1, 'hi-IN', 'ठीक है, आज भर दूँगा।'],
  ]),
  conversation('hinglish-booking', 'A table for two', [
    [0, 'hi-IN', 'Hello sir, aapki booking confirm करनी थी।'],
    [1, 'hi-IN', 'हाँ, table for two, number 99887 76655 note कर लीजिए।'],
    [0, 'hi-IN', 'Done sir, शाम आठ बजे।'],
    [1, 'hi-IN', 'Perfect, धन्यवाद।'],
  ]),
  conversation('no-numbers', 'A survey without a number in it', [
    [0, 'en-IN', 'Good morning, how was your visit to our shop?'],
    [1, 'en-IN', 'It was very good, the people were friendly.'],
    [0, 'en-IN', 'Lovely, would you come again?'],
    [1, 'en-IN', 'Certainly, thank you for asking.'],
  ]),
  conversation('short', 'Two sentences in three seconds, for tests', [
    [0, 'en-IN', 'Hello, who is there?'],
    [1, 'en-IN', 'It is me.'],
  ]),
]

/** Taken in turn by calls that name no script. */
export const ROTATION = ['english-delivery', 'hindi-loan', 'hinglish-booking'] as const
