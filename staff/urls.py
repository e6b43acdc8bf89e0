from django.urls import path

from staff.views import absences, exports, lists, notices, people

app_name = "staff"
urlpatterns = [
    path("people/", people.user_list, name="users"),
    path("people/new/", people.user_create, name="user_create"),
    path("people/<str:staff_no>/", people.user_edit, name="user_edit"),
    path("people/<str:staff_no>/password/", people.user_password, name="user_password"),
    path("tokens/", people.token_list, name="tokens"),
    path("tokens/<int:token_id>/revoke/", people.token_revoke, name="token_revoke"),
    path("trail/", people.trail_list, name="trail"),
    path("profile/", people.profile, name="profile"),
    path("exports/", exports.export_list, name="exports"),
    path("exports/waiting/", exports.exports_waiting, name="exports_waiting"),
    path("exports/<int:pk>/", exports.export_detail, name="export_detail"),
    path("exports/<int:pk>/progress/", exports.export_progress, name="export_progress"),
    path("exports/<int:pk>/file/", exports.export_file, name="export"),
    path("exports/<int:pk>/withdraw/", exports.export_withdraw, name="export_withdraw"),
    path("exports/<int:pk>/decide/", exports.export_decide, name="export_decide"),
    path("notifications/", notices.notifications, name="notifications"),
    path("notifications/bell/", notices.bell, name="bell"),
    path("notifications/read/", notices.notifications_read, name="notifications_read"),
    path("notifications/choices/", notices.notification_choices, name="notification_choices"),
    path("notifications/<int:pk>/", notices.notification_open, name="notification_open"),
    path("notifications/<int:pk>/mark/", notices.notification_mark, name="notification_mark"),
    path("absences/", absences.absence_list, name="absences"),
    path("absences/new/", absences.absence_new, name="absence_new"),
    path("absences/<int:pk>/cancel/", absences.absence_cancel, name="absence_cancel"),
    path("views/save/", lists.view_save, name="view_save"),
    path("views/<int:pk>/change/", lists.view_change, name="view_change"),
    path("views/<int:pk>/delete/", lists.view_delete, name="view_delete"),
]
