import { addMonths, differenceInCalendarDays, eachDayOfInterval, format, formatDistance, formatISO, getISOWeek, intervalToDuration, parse, parseISO, startOfWeek } from 'date-fns'
import { de, fr, ja } from 'date-fns/locale'

export function GET() {
  const day = new Date(2026, 1, 3, 14, 5, 9), other = new Date(2027, 10, 30)
  return Response.json([
    format(day, "yyyy-MM-dd'T'HH:mm:ss.SSS EEEE do MMMM, QQQ, h:mm a"), format(day, 'PPPPpppp', { locale: fr }).replace(/GMT.*| à .*/, ''), format(day, 'EEEE d. MMMM', { locale: de }), format(day, 'PPPP', { locale: ja }),
    formatDistance(day, other, { addSuffix: true }), formatDistance(day, other, { locale: de }), differenceInCalendarDays(other, day), getISOWeek(other),
    formatISO(parse('3.2.2026', 'd.M.yyyy', day), { representation: 'date' }), parseISO('2026-02-03T10:00:00Z').toISOString(), formatISO(startOfWeek(day, { weekStartsOn: 1 }), { representation: 'date' }),
    eachDayOfInterval({ start: day, end: addMonths(day, 1) }).length, intervalToDuration({ start: day, end: other }),
  ])
}
