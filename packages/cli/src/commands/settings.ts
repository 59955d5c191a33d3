import type { Settings } from '@callwire/contracts'
import type { Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import { parseWindow, windowText } from '../settings/parse-hours.ts'
import {
  parseAudioLife,
  parseCap,
  parseLife,
  parseSpan,
  spanText,
  type OrOff,
} from '../settings/parse-span.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

type SetOptions = {
  maxCalls?: OrOff
  maxCallsPerPhone?: OrOff
  maxCallsPerAccount?: OrOff
  maxStreams?: OrOff
  keepAudio?: number
  keepRecordings?: OrOff
  keepWords?: OrOff
  keepNumbers?: OrOff
  expireAfter?: OrOff
  hours?: string[]
  zone?: string
}

/** `settings show`, `settings set`. */
export function registerSettings(program: Command, context: Context): void {
  const settings = program.command('settings').description('the rules of the tenant')

  settings
    .command('show')
    .description('the rules as they are')
    .action(async () => {
      const found = await apiClient(context).settings.get()
      context.output().result(found, settingsText(found.settings))
    })

  settings
    .command('set')
    .description('change rules; what is not named stays, and off takes a rule away')
    .option('--max-calls <n|off>', 'calls at once', parseCap)
    .option('--max-calls-per-phone <n|off>', 'calls at once of each phone', parseCap)
    .option(
      '--max-calls-per-account <n|off>',
      'calls at once of an Exotel account, other tenants’ counted',
      parseCap,
    )
    .option('--max-streams <n|off>', 'live media sockets at once', parseCap)
    .option('--expire-after <span|off>', 'a call that waits longer fails: 30m, 12h, 7d', parseSpan)
    .option(
      '--hours <window|off>',
      'when people may be called by their own clock, like "mon-fri 09:00-21:00"; may be given more than once',
      (text: string, all: string[] | undefined) => [...(all ?? []), text],
    )
    .option('--zone <name>', 'the clock that counts for everybody, like Asia/Kolkata')
    .option(
      '--keep-audio <1h|days>',
      'live audio that nobody read: 1h, or up to 7d',
      parseAudioLife,
    )
    .option('--keep-recordings <days|off>', 'our copies of calls, after the call: 90d', parseLife)
    .option('--keep-words <days|off>', 'transcripts and digits, after the call', parseLife)
    .option('--keep-numbers <days|off>', 'people’s numbers and metadata, after the call', parseLife)
    .addHelpText(
      'after',
      '\nA shorter life holds for what is stored already: what is older is erased within about an hour, for good.',
    )
    .action(async (options: SetOptions) => {
      const changed = await apiClient(context).settings.update(bodyOf(options))
      context.output().result(changed, settingsText(changed.settings))
    })
}

function bodyOf(o: SetOptions) {
  const caps = {
    ...(o.maxCalls === undefined ? {} : { calls: ruleOf(o.maxCalls) }),
    ...(o.maxCallsPerPhone === undefined ? {} : { callsPerPhone: ruleOf(o.maxCallsPerPhone) }),
    ...(o.maxCallsPerAccount === undefined
      ? {}
      : { callsPerAccount: ruleOf(o.maxCallsPerAccount) }),
    ...(o.maxStreams === undefined ? {} : { streams: ruleOf(o.maxStreams) }),
  }
  const retentionDays = {
    ...(o.keepAudio === undefined ? {} : { audio: o.keepAudio }),
    ...(o.keepRecordings === undefined ? {} : { recordings: ruleOf(o.keepRecordings) }),
    ...(o.keepWords === undefined ? {} : { words: ruleOf(o.keepWords) }),
    ...(o.keepNumbers === undefined ? {} : { numbers: ruleOf(o.keepNumbers) }),
  }
  const body = {
    ...(Object.keys(caps).length === 0 ? {} : { caps }),
    ...(o.expireAfter === undefined ? {} : { expireAfterMs: ruleOf(o.expireAfter) }),
    ...hoursOf(o),
    ...(Object.keys(retentionDays).length === 0 ? {} : { retentionDays }),
  }
  if (Object.keys(body).length === 0) {
    throw new CliFailure('Nothing to set. `callwire settings set --help` lists what there is.')
  }
  return body
}

/** As the gateway takes it: null takes a rule away. */
function ruleOf(value: OrOff): number | null {
  return value === 'off' ? null : value
}

function hoursOf({ hours, zone }: SetOptions) {
  if (hours === undefined) {
    if (zone === undefined) return {}
    throw new CliFailure('--zone belongs to --hours; name both.')
  }
  if (hours.includes('off')) {
    if (hours.length === 1 && zone === undefined) return { callingHours: null }
    throw new CliFailure('--hours off stands alone.')
  }
  const windows = hours.map(parseWindow)
  return { callingHours: { windows, ...(zone === undefined ? {} : { zone }) } }
}

function settingsText(settings: Settings): string {
  const { caps, callingHours, expireAfterMs, dialingPaused, dialingPausedForAll } = settings
  const { audio, recordings, words, numbers } = settings.retentionDays
  const cap = (calls: number | null) => (calls === null ? 'off' : String(calls))
  const life = (days: number | null) => (days === null ? 'until erased' : `${String(days)}d`)
  const paused = [
    ...(dialingPaused ? ['for this tenant'] : []),
    ...(dialingPausedForAll ? ['for everybody'] : []),
  ]
  return table([
    ['dialing', paused.length === 0 ? 'goes on' : `paused ${paused.join(' and ')}`],
    ['calls at once', cap(caps.calls)],
    ['  of each phone', cap(caps.callsPerPhone)],
    ['  of an account', cap(caps.callsPerAccount)],
    ['media sockets', cap(caps.streams)],
    ['a call waits for', expireAfterMs === null ? 'ever' : spanText(expireAfterMs)],
    ['calling hours', callingHours === null ? 'any time' : hoursText(callingHours)],
    ['unread audio kept', audio === 0 ? '1h' : life(audio)],
    ['recordings kept', life(recordings)],
    ['words kept', life(words)],
    ['numbers kept', life(numbers)],
  ])
}

function hoursText({ windows, zone }: NonNullable<Settings['callingHours']>): string {
  return `${windows.map(windowText).join('; ')} ${zone === undefined ? 'where the person is' : `in ${zone}`}`
}
