#include "bindings/python/times.h"

#include <datetime.h>

#include <string>

namespace duetime::python {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;

struct Date {
  int64_t year;
  int month;
  int day;
};

// Howard Hinnant's day counts: years begin in March, so that 29 February is the last day of its year.
int64_t days_since_1970(const Date& date) {
  const int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

Date date_of(int64_t days) {
  const int64_t shifted = days + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int month = static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  return {year_of_era + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

int64_t wall_micros(PyObject* datetime) {
  const int64_t days = days_since_1970(
      {PyDateTime_GET_YEAR(datetime), PyDateTime_GET_MONTH(datetime), PyDateTime_GET_DAY(datetime)});
  const int64_t seconds = PyDateTime_DATE_GET_HOUR(datetime) * 3'600 +
                          PyDateTime_DATE_GET_MINUTE(datetime) * 60 + PyDateTime_DATE_GET_SECOND(datetime);
  return days * kMicrosPerDay + seconds * kMicrosPerSecond + PyDateTime_DATE_GET_MICROSECOND(datetime);
}

// What `datetime.utcoffset()` answers. datetime's own method asks the zone by a name and an argument tuple
// that it makes anew, which takes longer than the answer; so the zone is asked directly, but for subclasses,
// which may answer something else.
py::object utc_offset(PyObject* datetime, PyObject* zone) {
  static PyObject* const name = PyUnicode_InternFromString("utcoffset");
  const bool asks_zone = Py_TYPE(datetime) == PyDateTimeAPI->DateTimeType && zone != Py_None;
  PyObject* offset =
      asks_zone ? PyObject_CallMethodOneArg(zone, name, datetime) : PyObject_CallMethodNoArgs(datetime, name);
  if (offset == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(offset);
}

int64_t offset_micros(PyObject* datetime) {
  PyObject* zone = PyDateTime_DATE_GET_TZINFO(datetime);
  if (zone == PyDateTime_TimeZone_UTC) return 0;
  const py::object offset = utc_offset(datetime, zone);
  if (offset.is_none())
    throw py::value_error("expected a datetime with a time zone, got " + std::string(py::repr(datetime)));
  if (!PyDelta_Check(offset.ptr()))
    throw py::type_error("expected utcoffset() to give a timedelta, got " +
                         std::string(Py_TYPE(offset.ptr())->tp_name));
  return PyDateTime_DELTA_GET_DAYS(offset.ptr()) * kMicrosPerDay +
         PyDateTime_DELTA_GET_SECONDS(offset.ptr()) * kMicrosPerSecond +
         PyDateTime_DELTA_GET_MICROSECONDS(offset.ptr());
}

PyObject* new_datetime(duetime_time time, PyObject* zone) {
  int64_t days = time / kMicrosPerDay;
  int64_t micros = time % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  const Date date = date_of(days);
  const int seconds = static_cast<int>(micros / kMicrosPerSecond);
  return PyDateTimeAPI->DateTime_FromDateAndTime(
      static_cast<int>(date.year), date.month, date.day, seconds / 3'600, seconds / 60 % 60, seconds % 60,
      static_cast<int>(micros % kMicrosPerSecond), zone, PyDateTimeAPI->DateTimeType);
}

}  // namespace

duetime_time to_time(py::handle datetime) {
  if (!PyDateTime_Check(datetime.ptr())) {
    throw py::type_error("expected a datetime, got " + std::string(Py_TYPE(datetime.ptr())->tp_name));
  }
  return wall_micros(datetime.ptr()) - offset_micros(datetime.ptr());
}

duetime_time to_time_or_none(py::handle datetime) {
  return datetime.is_none() ? DUETIME_TIME_NONE : to_time(datetime);
}

py::object to_datetime(duetime_time time, py::handle zone) {
  if (time == DUETIME_TIME_NONE) return py::none();
  py::object utc = py::reinterpret_steal<py::object>(new_datetime(time, zone.ptr()));
  if (!utc) throw py::error_already_set();
  if (zone.ptr() == PyDateTime_TimeZone_UTC) return utc;
  static PyObject* const name = PyUnicode_InternFromString("fromutc");
  py::object local =
      py::reinterpret_steal<py::object>(PyObject_CallMethodOneArg(zone.ptr(), name, utc.ptr()));
  if (!local) throw py::error_already_set();
  return local;
}

void bind_times(py::module_& module) {
  PyDateTime_IMPORT;
  if (PyDateTimeAPI == nullptr) throw py::error_already_set();
  module.def("to_microseconds", &to_time, py::arg("datetime"),
             "Microseconds since 1970-01-01T00:00:00 UTC of an aware datetime.");
  module.def("to_datetime", &to_datetime, py::arg("microseconds"), py::arg("zone"),
             "The aware datetime in `zone` of microseconds since 1970-01-01T00:00:00 UTC.");
}

}  // namespace duetime::python
