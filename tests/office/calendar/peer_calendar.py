# SPDX-License-Identifier: EUPL-1.2
#
# The other program in the talk: `write` makes an iCalendar file as python3-icalendar does, `read` says what it finds in ours.
import sys
from datetime import datetime, timedelta, timezone

import pytz
from icalendar import Calendar, Event, vCalAddress

if sys.argv[1] == 'write':
    calendar = Calendar()
    calendar.add('prodid', '-//peer//')
    calendar.add('version', '2.0')
    berlin, tokyo = pytz.timezone('Europe/Berlin'), pytz.timezone('Asia/Tokyo')
    starts = [
        ('berlin', berlin.localize(datetime(2026, 11, 24, 8, 30))),
        ('summer', berlin.localize(datetime(2027, 7, 1, 8, 30))),
        ('utc', datetime(2026, 11, 24, 7, 30, tzinfo=timezone.utc)),
        ('tokyo', tokyo.localize(datetime(2026, 11, 24, 16, 30))),
        ('floating', datetime(2026, 11, 24, 8, 30)),
    ]
    for uid, start in starts:
        event = Event()
        event.add('uid', uid)
        event.add('dtstamp', datetime(2026, 11, 1, tzinfo=timezone.utc))
        event.add('dtstart', start)
        event.add('duration', timedelta(minutes=25)) if uid == 'utc' else event.add('dtend', start + timedelta(minutes=25))
        event.add('summary', 'Ein sehr langer Betreff; mit Komma, Umlauten äöüß und so weiter, damit die Zeile gefaltet wird')
        event.add('categories', ['Personalausweis beantragen', 'rot'])
        attendee = vCalAddress('tel:+49 2222 1')
        attendee.params['cn'] = 'Łukasiewicz-Sørensen, Zoë'
        event.add('attendee', attendee)
        calendar.add_component(event)
    sys.stdout.buffer.write(calendar.to_ical())
else:
    with open(sys.argv[2], 'rb') as file:
        calendar = Calendar.from_ical(file.read())
    assert calendar['version'] == '2.0' and calendar['prodid']
    for event in calendar.walk('VEVENT'):
        assert not event.errors, event.errors
        assert event['dtstamp']
        start, end = event.decoded('dtstart'), event.decoded('dtend')
        assert start.tzinfo is not None and start.utcoffset() == timedelta(0)
        print(event['uid'], start.strftime('%Y-%m-%dT%H:%M:%SZ'), int((end - start).total_seconds() // 60), event['summary'], sep='|')
