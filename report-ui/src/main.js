import { drawAll, followChanges } from './chart.js'
import { data } from './data.js'
import { failure, place } from './dom.js'
import { showDownloads } from './download.js'
import { time } from './format.js'
import { showOverTime } from './overtime.js'
import { showResidence } from './residence.js'
import { showRuns, showVerdict } from './run.js'
import { showTable } from './table.js'
import { showValues } from './values.js'
import { showWorkloads } from './workloads.js'

function section (id, show) {
  try {
    show(place(id))
  } catch (error) {
    place(id).append(failure('section', error))
  }
}

document.title = `numavm: ${data.title}`
place('title').textContent = data.title
place('origin').textContent = `${data.program} wrote this from ${data.source}, ${time(data.generated)}`
if (data.emulated) {
  place('banner').textContent = 'EMULATED: these figures compare emulators, not memory'
  place('banner').hidden = false
}
section('run', showRuns)
section('workloads', showWorkloads)
section('verdict', showVerdict)
section('table', showTable)
section('values', showValues)
section('residence', showResidence)
section('time', showOverTime)
section('download', showDownloads)
followChanges()
drawAll()
