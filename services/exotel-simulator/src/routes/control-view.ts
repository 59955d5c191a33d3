import { planScript } from '../audio/plan.ts'
import { type Script } from '../scripts/script.ts'
import { type Call } from '../state/call.ts'
import { hostOf } from '../state/truth-log.ts'

const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())

/** A call as the control API shows it: of URLs only the host. */
export function viewCall(call: Call) {
  return {
    ...{ callSid: call.sid, accountSid: call.accountSid, mode: call.mode, status: call.status },
    ...{ from: call.from, to: call.to, callerId: call.phone, customField: call.customField },
    ...{ appId: call.appId, script: call.scriptName, record: call.record },
    ...{ statusCallback: hostOf(call.callback?.url), stream: hostOf(call.streamUrl) },
    at: iso(call.createdAtMs),
    answeredAt: iso(call.answeredAtMs),
    endedAt: iso(call.endedAtMs),
  }
}

/** What is spoken in a script, word by word, in ms since the stream's first frame. */
export function viewScript(script: Script) {
  const plan = planScript(script)
  return {
    name: script.name,
    title: script.title,
    durationMs: plan.durationMs,
    speakers: script.speakers.map(({ name }) => name),
    utterances: plan.utterances.map((said) => ({
      ...{ utterance: said.utterance, speaker: said.speaker, language: said.language },
      speakerName: script.speakers[said.speaker]?.name ?? null,
      text: said.words.map(({ text }) => text).join(' '),
      ...{ startMs: said.startMs, endMs: said.endMs },
      words: said.words.map(({ text, startMs, endMs }) => ({ text, startMs, endMs })),
    })),
  }
}
