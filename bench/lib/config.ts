/** What a process of ours needs of the machine; nothing else of the environment reaches it. */
export const machineVariables = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
