from django.urls import path

from servicing import views

app_name = "servicing"
urlpatterns = [
    path("counter/", views.counter, name="counter"),
    path("counter/search/", views.counter_search, name="counter_search"),
    path("counter/card/<str:customer_no>/", views.counter_card, name="counter_card"),
    path("counter/log/<str:customer_no>/", views.counter_log, name="counter_log"),
    path("contacts/", views.contacts, name="contacts"),
    path("contacts/log/<str:customer_no>/", views.log, name="log"),
    path("contacts/<int:pk>/change/", views.change, name="change"),
    path("contacts/<int:pk>/undo/", views.undo, name="undo"),
]
