import { webhookDeliveryStateSchema, type WebhookDelivery } from '@callwire/contracts'
import { Option, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'

type ReplayOptions = {
  delivery?: string
  since?: string
  until?: string
  state?: WebhookDelivery['state']
}

/** `webhooks replay`. */
export function registerReplay(webhooks: Command, context: Context): void {
  webhooks
    .command('replay <id>')
    .description('send one message again, or those of a span of time')
    .option('--delivery <id>', 'this one message')
    .option('--since <time>', 'what happened from then on, ISO 8601 with zone')
    .option('--until <time>', 'and before then')
    .addOption(
      new Option('--state <state>', 'only messages that stand so').choices(
        webhookDeliveryStateSchema.options,
      ),
    )
    .action(async (id: string, options: ReplayOptions) => {
      const again = await apiClient(context).webhooks.replay(id, bodyOf(options))
      const what = again.replayed === 1 ? 'message is' : 'messages are'
      context.output().result(again, `${again.replayed} ${what} on the way again`)
    })
}

function bodyOf({ delivery, since, until, state }: ReplayOptions) {
  const ofSpan = [since, until, state].some((given) => given !== undefined)
  if ((delivery === undefined) !== ofSpan || (ofSpan && since === undefined)) {
    throw new CliFailure('Say which: --delivery <id>, or --since <time> with --until and --state.')
  }
  if (delivery !== undefined) return { deliveryId: delivery }
  return {
    since: since ?? '',
    ...(until === undefined ? {} : { until }),
    ...(state === undefined ? {} : { state }),
  }
}
