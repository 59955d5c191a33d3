import type { CallStatus, Receipt } from '@callwire/contracts'
import type { Followed } from '@callwire/sdk'

import { nothingPrinted, renderEvent, renderInterim, type Printed } from './render.ts'
import type { Terminal } from './terminal.ts'

/** How a followed call ended: its last status and its receipt, null when the following ended before them. */
export type Ending = { readonly status: CallStatus | null; readonly receipt: Receipt | null }

/** Prints a call as it happens, up to its receipt. */
export async function printCall(
  followed: AsyncIterable<Followed>,
  terminal: Terminal,
): Promise<Ending> {
  let printed: Printed = nothingPrinted
  let status: CallStatus | null = null
  for await (const news of followed) {
    if (news.type === 'reconnecting') {
      terminal.live('(connection lost; coming back)')
      continue
    }
    const output =
      news.type === 'interim'
        ? renderInterim(printed, news.interim)
        : renderEvent(printed, news.event)
    printed = output.printed
    terminal.live(output.live)
    terminal.keep(output.lines)
    if (news.type === 'interim' || news.event.data === null) continue
    if (news.event.type === 'call.status') ({ status } = news.event.data)
    if (news.event.type === 'call.receipt') return { status, receipt: news.event.data }
  }
  terminal.live(null)
  return { status, receipt: null }
}
