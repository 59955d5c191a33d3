import { renderScript, type ScriptAudio } from '../audio/script-audio.ts'
import { builtinScripts, ROTATION } from '../scripts/builtin.ts'
import { type Script } from '../scripts/script.ts'
import { type Call } from './call.ts'
import { inScope, type Scope } from './scope.ts'

export type ScriptChoice = Scope & { script: string }

export type Scripts = {
  add(script: Script): void
  get(name: string): Script | undefined
  list(): Script[]
  audio(name: string): ScriptAudio
  /** Calls in this scope get this script from now on; the last choice that fits wins. */
  choose(choice: ScriptChoice): void
  nameFor(call: Pick<Call, 'accountSid' | 'mode' | 'from' | 'to'>): string
}

const FALLBACK = ROTATION[0]

/** The conversations there are, their audio (made once), and who gets which. */
export function createScripts(): Scripts {
  const scripts = new Map(builtinScripts.map((script) => [script.name, script]))
  const rendered = new Map<string, ScriptAudio>()
  const choices: ScriptChoice[] = []
  let turn = 0

  return {
    add(script) {
      scripts.set(script.name, script)
      rendered.delete(script.name)
    },
    get: (name) => scripts.get(name),
    list: () => [...scripts.values()],
    audio(name) {
      const script = scripts.get(name) ?? scripts.get(FALLBACK)
      if (!script) throw new Error('no built-in script')
      const audio = rendered.get(script.name) ?? renderScript(script)
      rendered.set(script.name, audio)
      return audio
    },
    choose: (choice) => void choices.push(choice),
    nameFor(call) {
      const chosen = choices.findLast((choice) => inScope(choice, call))
      if (chosen) return chosen.script
      const name = ROTATION[turn % ROTATION.length] ?? FALLBACK
      turn += 1
      return name
    },
  }
}
