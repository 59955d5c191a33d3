import { eventTypes, webhookDeliveryStateSchema, type WebhookDelivery } from '@callwire/contracts'
import { Option, type Command } from 'commander'
import { CliFailure } from '../failure.ts'
import { table } from '../output.ts'
import { apiClient } from './api-client.ts'
import type { Context } from './context.ts'
import { registerReplay } from './webhooks-replay.ts'

type EventType = (typeof eventTypes)[number]
type Changes = { url?: string; event: EventType[]; description?: string }

/** `webhooks add`, `list`, `change`, `enable`, `disable`, `rotate-secret`, `test`, `deliveries`, `replay`, `remove`. */
export function registerWebhooks(program: Command, context: Context): void {
  const webhooks = program
    .command('webhooks')
    .description('systems of your own that are told of events')
  const said = (value: unknown, text: string) => context.output().result(value, text)

  webhooks
    .command('add <url>')
    .description('post events there; prints the secret that they are signed with, this one time')
    .addOption(eventOption().makeOptionMandatory())
    .option('--description <words>')
    .action(async (url: string, o: Changes) => {
      const added = await apiClient(context).webhooks.create({
        url,
        eventTypes: o.event,
        ...(o.description === undefined ? {} : { description: o.description }),
      })
      const { id, secret } = added.webhook
      said(added, `webhook ${id}\nsecret  ${secret}`)
    })

  webhooks
    .command('list')
    .description('where events go, and whether they arrive')
    .action(async () => {
      const page = await apiClient(context).webhooks.list({ limit: 100 })
      const rows = page.webhooks.map((one) => [
        one.id,
        one.disabledReason === undefined ? one.status : `${one.status} (${one.disabledReason})`,
        one.failingSince === null ? '' : `failing since ${one.failingSince}`,
        one.url,
        one.eventTypes.join(','),
      ])
      said(page, table([['id', 'status', '', 'url', 'events'], ...rows]))
    })

  webhooks
    .command('change <id>')
    .description('change where it leads, or what it is told of')
    .option('--url <url>')
    .addOption(eventOption().default([]))
    .option('--description <words>')
    .action(async (id: string, { url, event, description }: Changes) => {
      const body = {
        ...(url === undefined ? {} : { url }),
        ...(event.length === 0 ? {} : { eventTypes: event }),
        ...(description === undefined ? {} : { description }),
      }
      if (Object.keys(body).length === 0) {
        throw new CliFailure('Say what to change: --url, --event or --description.')
      }
      const changed = await apiClient(context).webhooks.update(id, body)
      said(changed, `${id} leads to ${changed.webhook.url}`)
    })

  webhooks
    .command('disable <id>')
    .description('send nothing more, until it is enabled')
    .action(async (id: string) => {
      const changed = await apiClient(context).webhooks.update(id, { status: 'disabled' })
      said(changed, `${id} is turned off`)
    })

  webhooks
    .command('enable <id>')
    .description('send what happens from now on; for what happened meanwhile there is replay')
    .action(async (id: string) => {
      const changed = await apiClient(context).webhooks.enable(id)
      said(changed, `${id} is turned on`)
    })

  webhooks
    .command('rotate-secret <id>')
    .description('make a new secret; prints it, this one time')
    .addOption(
      new Option('--overlap-hours <hours>', 'sign with the former one too for so long')
        .default(24)
        .argParser(hours),
    )
    .action(async (id: string, { overlapHours }: { overlapHours: number }) => {
      const rotated = await apiClient(context).webhooks.rotateSecret(id, { overlapHours })
      said(rotated, `secret  ${rotated.webhook.secret}`)
    })

  webhooks
    .command('test <id>')
    .description('send a message to try it out')
    .action(async (id: string) => {
      const asked = await apiClient(context).webhooks.test(id)
      said(
        asked,
        `${asked.delivery.id} is on its way; \`webhooks deliveries ${id}\` tells how it goes`,
      )
    })

  webhooks
    .command('deliveries <id>')
    .description('the newest messages, and how their delivery goes')
    .addOption(new Option('--state <state>').choices(webhookDeliveryStateSchema.options))
    .action(async (id: string, o: { state?: WebhookDelivery['state'] }) => {
      const page = await apiClient(context).webhooks.deliveries(id, { limit: 100, ...o })
      const rows = page.deliveries.map((one) => [
        one.id,
        one.eventType,
        one.state,
        String(one.attempts),
        one.lastError ?? (one.lastStatus === null ? '' : String(one.lastStatus)),
        one.nextAttemptAt ?? one.finishedAt ?? '',
      ])
      said(page, table([['id', 'event', 'state', 'attempts', 'last', 'next or end'], ...rows]))
    })

  registerReplay(webhooks, context)

  webhooks
    .command('remove <id>')
    .description('forget it and its secrets')
    .action(async (id: string) => {
      await apiClient(context).webhooks.delete(id)
      said({ removed: id }, `removed ${id}`)
    })
}

function eventOption(): Option {
  return new Option('--event <type>', 'may be given more than once').argParser(
    (type: string, all: EventType[] | undefined) => {
      const known = eventTypes.find((one) => one === type)
      if (known === undefined) {
        throw new CliFailure(
          `There are no events of type ${type}; there are ${eventTypes.join(', ')}.`,
        )
      }
      return [...(all ?? []), known]
    },
  )
}

function hours(text: string): number {
  if (!/^\d{1,3}$/.test(text)) throw new CliFailure('--overlap-hours must be a whole number.')
  return Number(text)
}
