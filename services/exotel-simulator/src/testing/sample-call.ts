import { type Call } from '../state/call.ts'

/** For tests: an answered and completed mode C call. */
export function sampleCall(change: Partial<Call> = {}): Call {
  const at = Date.UTC(2026, 5, 15, 6)
  return {
    ...{
      mode: 'stream',
      accountSid: 'acme1',
      sid: 'b0c8e1d2a3f4b5c6d7e8f9a0b1c2d318bl'.slice(-32),
    },
    ...{ from: '+919876543210', to: '+918047112233', phone: '+918047112233', appId: null },
    ...{ streamUrl: 'ws://127.0.0.1:9/x', streamBegin: null, customField: 'cal_1', record: false },
    ...{ timeLimitSeconds: 14_400, timeOutSeconds: null, scriptName: 'short', status: 'completed' },
    ...{
      createdAtMs: at,
      updatedAtMs: at + 13_000,
      answeredAtMs: at + 1_000,
      endedAtMs: at + 13_000,
    },
    callback: {
      url: 'http://127.0.0.1:9/cb',
      events: ['answered', 'terminal'],
      contentType: 'application/json',
    },
    legs: [{ status: 'completed', answeredAtMs: at + 1_000, endedAtMs: at + 13_000 }, null],
    ...change,
  }
}
