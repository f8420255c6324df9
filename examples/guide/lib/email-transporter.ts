type Inputs = { email: FormDataEntryValue | null; contents: FormDataEntryValue | null }

export async function validateInputs({ email, contents }: Inputs): Promise<void> {
  if (typeof email !== 'string' || !/^[^@\s]+@[^@\s]+$/.test(email)) throw new Error('Invalid e-mail address')
  if (typeof contents !== 'string' || contents.trim() === '') throw new Error('Empty message')
}

/** Hands the message to the mail service and returns the id it was given. */
export async function sendMail({ email, contents }: Inputs): Promise<{ messageId: string }> {
  const response = await fetch(process.env.MAIL_ENDPOINT, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ to: email, text: contents }),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(`Not sent: ${answer.error}`)
  return { messageId: answer.id }
}
