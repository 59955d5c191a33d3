/** Who answers for our phone: a person, a flow of Exotel's, or a media stream. */
export type DialAgent =
  | { kind: 'human'; number: string }
  | { kind: 'flow'; appId: string }
  | { kind: 'stream'; streamUrl?: string | null | undefined }

/** One request to Exotel's `Calls/connect`; numbers are E.164. */
export type PlaceCallRequest = {
  from: string
  to?: string
  callerId: string
  url?: string
  streamUrl?: string
  streamType?: 'bidirectional'
  streamBegin?: string
  record?: boolean
  timeLimitSeconds?: number
  customField: string
  statusCallback: string
}

/**
 * When the stream of a call between two numbers starts: once both talk. Exotel's docs name the
 * moment and leave the exact literal open, so it is a setting.
 */
export const defaultStreamBegin = 'Leg2Connect'

/**
 * Exotel rings `From` first and calls our own number `CallerId`. With a human agent the agent is
 * rung first and then the person; a flow or a stream talks to the person directly. A stream agent
 * with a URL of its own gets the audio there, else it goes to `ingestUrl`.
 */
export function buildPlaceCall(
  agent: DialAgent,
  o: {
    /** The person to reach. */
    to: string
    callerId: string
    /** The account whose flow is started. */
    sid: string
    ingestUrl: string
    customField: string
    statusCallback: string
    streamBegin?: string
    record?: boolean | undefined
    timeLimitSeconds?: number | undefined
  },
): PlaceCallRequest {
  const shared = {
    callerId: o.callerId,
    customField: o.customField,
    statusCallback: o.statusCallback,
    ...(o.record === undefined ? {} : { record: o.record }),
    ...(o.timeLimitSeconds === undefined ? {} : { timeLimitSeconds: o.timeLimitSeconds }),
  }
  switch (agent.kind) {
    case 'human':
      return {
        ...shared,
        from: agent.number,
        to: o.to,
        streamUrl: o.ingestUrl,
        streamBegin: o.streamBegin ?? defaultStreamBegin,
      }
    case 'flow':
      return { ...shared, from: o.to, url: flowUrl(o.sid, agent.appId) }
    case 'stream':
      return {
        ...shared,
        from: o.to,
        streamUrl: agent.streamUrl ?? o.ingestUrl,
        streamType: 'bidirectional',
      }
  }
}

/** A name Exotel resolves itself; nobody calls this address (Exotel's docs, "call to flow"). */
function flowUrl(sid: string, appId: string): string {
  return `http://my.exotel.com/${encodeURIComponent(sid)}/exoml/start_voice/${encodeURIComponent(appId)}`
}

/** The form body of `Calls/connect`, in the spelling of Exotel's docs. */
export function placeCallForm(request: PlaceCallRequest): string {
  const fields: [string, string | undefined][] = [
    ['From', request.from],
    ['To', request.to],
    ['CallerId', request.callerId],
    ['Url', request.url],
    ['StreamUrl', request.streamUrl],
    ['StreamType', request.streamType],
    ['StreamBegin', request.streamBegin],
    ['Record', request.record === undefined ? undefined : String(request.record)],
    ['TimeLimit', request.timeLimitSeconds?.toString()],
    ['CustomField', request.customField],
    ['StatusCallback', request.statusCallback],
    ['StatusCallbackEvents[0]', 'terminal'],
    ['StatusCallbackEvents[1]', 'answered'],
  ]
  const form = new URLSearchParams()
  for (const [name, value] of fields) if (value !== undefined) form.append(name, value)
  return form.toString()
}
